// SPDX-License-Identifier: MIT

use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

use sysfd::fd;
use sysfd::features::{features, version, Feature};
use sysfd::positioned_file::PositionedFile;

use crate::support::*;

/// Not every file system can read without waiting.
fn or_unsupported(read: std::io::Result<usize>, otherwise: usize) -> usize {
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => otherwise,
        read => read.unwrap(),
    }
}

#[test]
fn versions_and_features_are_told() {
    alone(|| {
        assert_eq!(version(), (0, 1, 0));
        let found = features();
        assert!(found.has(Feature::PIDFD_OPEN));
        assert!(found.has(Feature::CLOSE_RANGE));
        assert_eq!(Feature::PIDFD_OPEN.to_string(), "pidfd_open");
        assert_eq!(found.to_string().lines().count(), Feature::ALL.len());
        assert!(found.to_string().contains("yes  pidfd_open (Linux 5.3)"));
    });
}

#[test]
fn files_are_opened() {
    alone(|| {
        let scratch = Scratch::new();
        let path = scratch.file("a", "content");
        let directory = File::open(scratch.path()).unwrap();
        assert_eq!(read_all(fd::open(fd::CWD, &path, 0, 0).unwrap()), "content");
        assert_eq!(read_all(fd::open(&directory, "a", 0, 0).unwrap()), "content");
        let made = fd::open(&directory, "made", O_CREAT | O_WRONLY, 0o600).unwrap();
        assert!(fd::is_close_on_exec(&made).unwrap());
        assert!(made.as_raw_fd() >= 3);
        let beneath = fd::RESOLVE_BENEATH | fd::RESOLVE_NO_SYMLINKS;
        assert_eq!(read_all(fd::open_resolve(&directory, "a", 0, 0, beneath).unwrap()), "content");
        let above = fd::open_resolve(&directory, "..", 0, 0, fd::RESOLVE_BENEATH);
        assert_eq!(errno(above), 18); // EXDEV
        for resolve in
            [fd::RESOLVE_NO_MOUNT_POINTS, fd::RESOLVE_NO_MAGIC_LINKS, fd::RESOLVE_IN_ROOT]
        {
            fd::open_resolve(&directory, "a", 0, 0, resolve).unwrap();
        }
        let missing = fd::open(&directory, "missing", 0, 0).unwrap_err();
        assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
    });
}

#[test]
fn a_nul_in_a_path_is_an_error_that_names_it() {
    let error = fd::open(fd::CWD, "a\0b", 0, 0).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), r#""a\0b" contains a NUL byte"#);
}

#[test]
fn missing_standard_streams_are_opened() {
    alone_and_changing(|| {
        drop(own(0));
        assert!(!fd::is_open(0).unwrap());
        fd::open_missing_standard_streams().unwrap();
        assert!(fd::is_open(0).unwrap());
        assert_eq!(errno(fd::is_open(-1)), EBADF);
    });
}

#[test]
fn pairs_and_memory_are_made() {
    alone(|| {
        let (reader, writer) = fd::pipe(0).unwrap();
        File::from(writer).write_all(b"through").unwrap();
        assert_eq!(read_all(reader), "through");
        let (left, right) = fd::socket_pair(SOCK_STREAM).unwrap();
        UnixStream::from(left).write_all(b"across").unwrap();
        assert_eq!(read_all(right), "across");
        let mut memory = File::from(fd::memfd("name", 0).unwrap());
        memory.write_all(b"kept").unwrap();
        memory.rewind().unwrap();
        assert_eq!(read_all(memory), "kept");
        let event = File::from(fd::event_fd(7, 0).unwrap());
        let mut count = [0; 8];
        (&event).read_exact(&mut count).unwrap();
        assert_eq!(u64::from_ne_bytes(count), 7);
    });
}

#[test]
fn descriptors_are_duplicated_replaced_and_closed() {
    alone(|| {
        let (one, other) = (fd::memfd("one", 0).unwrap(), fd::memfd("other", 0).unwrap());
        let mut copy = fd::duplicate(&one).unwrap();
        assert!(fd::same_description(&one, &copy).unwrap());
        assert!(!fd::same_description(&one, &other).unwrap());
        let number = copy.as_raw_fd();
        fd::replace(&mut copy, &other).unwrap();
        assert_eq!(copy.as_raw_fd(), number);
        assert!(fd::same_description(&other, &copy).unwrap());
        let again = fd::reopen(&one, O_RDWR).unwrap();
        assert!(!fd::same_description(&one, &again).unwrap());
        fd::close(copy).unwrap();
        assert!(!fd::is_open(number).unwrap());
    });
}

#[test]
fn flags_are_set() {
    alone(|| {
        let (reader, _writer) = fd::pipe(0).unwrap();
        assert!(!fd::is_nonblocking(&reader).unwrap());
        fd::set_nonblocking(&reader, true).unwrap();
        assert!(fd::is_nonblocking(&reader).unwrap());
        fd::set_close_on_exec(&reader, false).unwrap();
        assert!(!fd::is_close_on_exec(&reader).unwrap());
        assert!(fd::set_window_size(&reader, 24, 80).is_err()); // no terminal
    });
}

#[test]
fn a_positioned_file_has_a_position_of_its_own() {
    alone(|| {
        let scratch = Scratch::new();
        let path = scratch.file("file", "0123456789");
        let shared = File::options().read(true).write(true).open(&path).unwrap();
        let mut file = PositionedFile::new(shared.try_clone().unwrap(), 2).unwrap();
        let mut buffer = [0; 3];
        assert_eq!(file.read(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer, b"234");
        assert_eq!(file.position(), 5);
        assert_eq!((&shared).stream_position().unwrap(), 0);
        assert_eq!(file.write(b"xy").unwrap(), 2);
        file.write_all(b"z").unwrap();
        assert_eq!(file.seek(SeekFrom::Current(-3)).unwrap(), 5);
        file.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"xyz");
        assert_eq!(file.seek(SeekFrom::End(-1)).unwrap(), 9);
        let end = file.read_exact(&mut buffer).unwrap_err();
        assert_eq!(end.kind(), std::io::ErrorKind::UnexpectedEof);
        assert_eq!(file.append(b"!").unwrap(), 1);
        assert_eq!(file.size().unwrap(), 11);
        assert_eq!(file.seek(SeekFrom::Start(0)).unwrap(), 0);
        assert!(file.seek(SeekFrom::Start(u64::MAX)).is_err());
        assert_eq!(or_unsupported(file.read_nowait(&mut buffer), 3), 3);
        file.flush().unwrap();
        assert!(fd::same_description(&file, &shared).unwrap());
        assert!(fd::same_description(file.into_fd(), &shared).unwrap());
    });
}

#[test]
fn positions_are_used_by_threads() {
    alone(|| {
        let file = PositionedFile::memfd("file", 0).unwrap();
        std::thread::scope(|scope| {
            for i in 0..4u8 {
                let file = &file;
                scope.spawn(move || file.write_all_at(&[b'a' + i; 10], u64::from(i) * 10).unwrap());
            }
        });
        let mut buffer = [0; 40];
        file.read_exact_at(&mut buffer, 0).unwrap();
        assert_eq!(&buffer[8..12], b"aabb");
        assert_eq!(file.read_at(&mut buffer, 35).unwrap(), 5);
        assert_eq!(or_unsupported(file.read_at_nowait(&mut buffer, 40), 0), 0);
        let past = file.read_exact_at(&mut buffer, 1).unwrap_err();
        assert_eq!(past.kind(), std::io::ErrorKind::UnexpectedEof);
        assert_eq!(file.write_at(b"0", 0).unwrap(), 1);
        let data = [IoSlice::new(b"12"), IoSlice::new(b"345")];
        assert_eq!(file.write_vectored_at(&data, 1).unwrap(), 5);
        let (mut left, mut right) = ([0; 4], [0; 2]);
        let mut into = [IoSliceMut::new(&mut left), IoSliceMut::new(&mut right)];
        assert_eq!(file.read_vectored_at(&mut into, 0).unwrap(), 6);
        assert_eq!((&left, &right), (b"0123", b"45"));
        file.truncate(3).unwrap();
        file.sync(false).unwrap();
        file.sync(true).unwrap();
        assert_eq!(file.size().unwrap(), 3);
    });
}

#[test]
fn a_positioned_file_opens_with_a_description_of_its_own() {
    alone(|| {
        let scratch = Scratch::new();
        let path = scratch.file("file", "content");
        let file = PositionedFile::open(fd::CWD, &path, O_RDWR, 0).unwrap();
        let again = PositionedFile::reopen(&file, O_RDWR).unwrap();
        assert!(!fd::same_description(&file, &again).unwrap());
        assert_eq!(read_all(again.into_fd()), "content");
        assert!(PositionedFile::open(fd::CWD, "a\0b", 0, 0).is_err());
        assert!(file.as_fd().as_raw_fd() >= 3);
    });
}
