// SPDX-License-Identifier: MIT

use std::env;
use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::time::Duration;

use sysfd::fd;
use sysfd::listen::{
    is_datagram, is_fifo, is_listening_stream, is_message_queue, is_socket, is_special_file,
    Environment, ListenErrorKind,
};
use sysfd::notify::{barrier, barrier_to, notify_to, watchdog_interval, Notifier};
use sysfd::{notify, Command, FdType, ListenFds, Notification, PidFd};

use crate::support::*;

/// Makes this process one that was activated with these names. The descriptors are files.
pub fn activate(names: &[&str]) {
    for (number, _) in (3..).zip(names) {
        place(fd::memfd("given", 0).unwrap(), number);
    }
    env::set_var("LISTEN_PID", std::process::id().to_string());
    env::set_var("LISTEN_FDS", names.len().to_string());
    env::set_var("LISTEN_FDNAMES", names.join(":"));
}

pub fn take() -> Result<ListenFds, sysfd::listen::ListenError> {
    // SAFETY: `activate` has made the descriptors, and nobody owns them.
    unsafe { ListenFds::take(Environment::Unset) }
}

#[test]
fn given_descriptors_are_taken() {
    alone(|| {
        activate(&["web", "log", "log", "more"]);
        let mut fds = take().unwrap();
        assert_eq!(env::var_os("LISTEN_FDS"), None);
        assert!(fds.len() == 4 && !fds.is_empty());
        assert_eq!(fds.name(1).unwrap(), "log");
        assert_eq!(fds.name(4), None);
        assert_eq!(fds.get(0).unwrap().as_raw_fd(), 3);
        assert!(fd::is_close_on_exec(fds.get(0).unwrap()).unwrap());
        assert_eq!(fds.indices_of("log").unwrap(), [1, 2]);
        let any = FdType::any();
        let kind = |error: sysfd::listen::ListenError| error.kind();
        assert_eq!(kind(fds.get_one("none", &any).unwrap_err()), ListenErrorKind::NotFound);
        assert_eq!(kind(fds.take_one("log", &any).unwrap_err()), ListenErrorKind::Ambiguous);
        let wrong = fds.take_at(0, &FdType::stream_listener()).unwrap_err();
        assert_eq!(wrong.kind(), ListenErrorKind::WrongType);
        assert_eq!(wrong.errno(), EINVAL);
        assert!(wrong.to_string().contains("web"), "{wrong}");
        assert_eq!(std::io::Error::from(wrong).kind(), std::io::ErrorKind::InvalidInput);
        assert_eq!(fds.get_one("web", &any).unwrap().as_raw_fd(), 3);
        assert_eq!(fds.take_one("web", &any).unwrap().as_raw_fd(), 3);
        assert!(!fds.has(0) && fds.get(0).is_none());
        assert_eq!(kind(fds.take_at(0, &any).unwrap_err()), ListenErrorKind::NotFound);
        assert_eq!(kind(fds.take_at(9, &any).unwrap_err()), ListenErrorKind::NotFound);
        assert_eq!(fds.take_all("log", &any).unwrap().len(), 2);
        assert_eq!(fds.take_all("log", &any).unwrap().len(), 0);
        let left: Vec<_> = fds.iter().map(|(index, name, _)| (index, name)).collect();
        assert_eq!(left, [(3, "more".to_owned())]);
        assert_eq!(fds.take_at(3, &any).unwrap().as_raw_fd(), 6);
        assert_eq!(kind(fds.get_one("a\0b", &any).unwrap_err()), ListenErrorKind::Unavailable);
    });
}

#[test]
fn variables_can_be_given() {
    alone(|| {
        // SAFETY: there is none.
        let none = unsafe { ListenFds::take_from(["A=B"]) }.unwrap_err();
        assert_eq!((none.kind(), none.errno()), (ListenErrorKind::NotActivated, ENODATA));
        activate(&["a"]);
        let variables: Vec<_> = env::vars_os()
            .filter(|(name, _)| name.to_string_lossy().starts_with("LISTEN_"))
            .map(|(name, value)| format!("{}={}", name.to_str().unwrap(), value.to_str().unwrap()))
            .collect();
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
            env::remove_var(name);
        }
        // SAFETY: `activate` has made the descriptor.
        let fds = unsafe { ListenFds::take_from(&variables) }.unwrap();
        assert_eq!(fds.len(), 1);
    });
}

#[test]
fn the_environment_can_be_kept() {
    alone_and_changing(|| {
        activate(&["a"]);
        // SAFETY: `activate` has made the descriptor.
        let fds = unsafe { ListenFds::take(Environment::Keep) }.unwrap();
        assert_eq!(env::var("LISTEN_FDS").unwrap(), "1");
        drop(fds);
        assert!(!fd::is_open(3).unwrap());
    });
}

#[test]
fn descriptors_are_given_to_children() {
    alone(|| {
        activate(&["a", "b"]);
        let given = take().unwrap();
        let file = fd::memfd("file", 0).unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "test $LISTEN_PID = $$ && echo $LISTEN_FDS $LISTEN_FDNAMES"]);
        command.listen_fd("x", &file).listen_fds(&given);
        assert_eq!(command.output().unwrap().stdout(), b"3 x:a:b\n");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "test $LISTEN_PID = $$ && echo $LISTEN_FDS $LISTEN_FDNAMES"]);
        command.listen_fd_owned("y", file).listen_fds_owned(given);
        assert_eq!(command.output().unwrap().stdout(), b"3 y:a:b\n");
        assert!(!fd::is_open(3).unwrap() && !fd::is_open(4).unwrap());
    });
}

#[test]
fn types_are_told_apart() {
    alone(|| {
        let scratch = Scratch::new();
        let path = scratch.path().join("socket");
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let listener = UnixListener::bind(&path).unwrap();
        let (stream, _peer) = UnixStream::pair().unwrap();
        let (packets, _) = fd::socket_pair(SOCK_SEQPACKET).unwrap();
        let (reader, _writer) = fd::pipe(0).unwrap();
        let null = File::open("/dev/null").unwrap();

        assert!(FdType::default().matches(&null).unwrap());
        assert!(FdType::socket().matches(&udp).unwrap() && is_socket(&tcp).unwrap());
        assert!(FdType::stream_listener().inet(Some(port)).matches(&tcp).unwrap());
        assert!(!FdType::stream_listener().inet(Some(port ^ 1)).matches(&tcp).unwrap());
        assert!(!FdType::stream_listener().inet6(None).matches(&tcp).unwrap());
        assert!(FdType::stream_listener().ip(None).matches(&tcp).unwrap());
        assert!(is_listening_stream(&tcp).unwrap() && !is_listening_stream(&stream).unwrap());
        assert!(FdType::stream_listener().unix_path(&path).matches(&listener).unwrap());
        assert!(!FdType::stream_listener().unix_abstract("name").matches(&listener).unwrap());
        assert!(FdType::stream().matches(&stream).unwrap());
        assert!(FdType::seqpacket().matches(&packets).unwrap());
        assert!(!FdType::seqpacket_listener().matches(&packets).unwrap());
        assert!(FdType::datagram().matches(&udp).unwrap() && is_datagram(&udp).unwrap());
        assert!(FdType::fifo().matches(&reader).unwrap() && is_fifo(&reader).unwrap());
        assert!(is_special_file(&null).unwrap());
        assert!(FdType::special_file().at("/dev/null").matches(&null).unwrap());
        assert!(!FdType::message_queue().matches(&null).unwrap());
        assert!(!is_message_queue(&null).unwrap());
        assert!(FdType::datagram().describe().unwrap().contains("datagram"));
        assert!(FdType::special_file().at("a\0b").matches(&null).is_err());
    });
}

/// A service manager, and its address.
fn manager(scratch: &Scratch) -> (UnixDatagram, String) {
    let path = scratch.path().join("notify");
    (UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap().to_owned())
}

fn received(manager: &UnixDatagram) -> String {
    let mut buffer = [0; 1000];
    let size = manager.recv(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..size]).into_owned()
}

const READY: Notification<'_> = Notification {
    ready: true,
    reloading: false,
    stopping: false,
    watchdog: false,
    watchdog_trigger: false,
    status: None,
    error: None,
    exit_status: None,
    main_process: None,
    sender: None,
    watchdog_interval: None,
    extend_timeout: None,
    store: &[],
    store_no_poll: false,
    store_name: None,
    remove_stored: None,
    more: None,
    timeout: None,
};

#[test]
fn a_manager_is_told() {
    alone(|| {
        let scratch = Scratch::new();
        let (manager, address) = manager(&scratch);
        env::remove_var("NOTIFY_SOCKET");
        assert!(!notify(&READY).unwrap());
        assert!(!barrier(Duration::ZERO).unwrap());
        env::set_var("NOTIFY_SOCKET", &address);
        assert!(notify(&READY).unwrap());
        assert_eq!(received(&manager).trim(), "READY=1");
        env::remove_var("NOTIFY_SOCKET");

        let (this, file) = (PidFd::current().unwrap(), fd::memfd("kept", 0).unwrap());
        let store = [file.as_fd()];
        let notification = Notification {
            stopping: true,
            watchdog: true,
            status: Some("going"),
            error: Some(5),
            exit_status: Some(6),
            main_process: Some(this.as_fd()),
            watchdog_interval: Some(Duration::from_micros(7)),
            extend_timeout: Some(Duration::from_micros(8)),
            store: &store,
            store_no_poll: true,
            store_name: Some("name"),
            more: Some("X=y"),
            timeout: Some(Duration::ZERO.into()),
            ..Notification::default()
        };
        notify_to(&address, &notification).unwrap();
        let text = received(&manager);
        for line in [
            "STOPPING=1",
            "WATCHDOG=1",
            "STATUS=going",
            "ERRNO=5",
            "EXIT_STATUS=6",
            &format!("MAINPID={}", std::process::id()),
            "WATCHDOG_USEC=7",
            "EXTEND_TIMEOUT_USEC=8",
            "FDSTORE=1",
            "FDPOLL=0",
            "FDNAME=name",
            "X=y",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} is not in {text}");
        }
        let error = notify_to("@a\0b", &READY).unwrap_err();
        assert!(error.to_string().contains("contains a NUL byte"));
        let error = notify_to("/no/such", &READY).unwrap_err();
        assert_eq!(error.errno(), 2);
    });
}

#[test]
fn a_notifier_is_shared_by_threads() {
    alone(|| {
        let scratch = Scratch::new();
        let (manager, address) = manager(&scratch);
        let notifier = Notifier::connect(&address).unwrap();
        assert!(notifier.has_manager());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| assert!(notifier.notify(&READY).unwrap()));
            }
        });
        assert_eq!(received(&manager), received(&manager));
        env::set_var("NOTIFY_SOCKET", &address);
        env::set_var("WATCHDOG_USEC", "5000");
        let read = Notifier::from_environment().unwrap();
        assert_eq!(read.watchdog_interval().unwrap(), Some(Duration::from_millis(5)));
        assert_eq!(watchdog_interval().unwrap(), Some(Duration::from_millis(5)));
        // SAFETY: no other thread uses the environment.
        let taken = unsafe { Notifier::take_environment() }.unwrap();
        assert_eq!(env::var_os("NOTIFY_SOCKET"), None);
        assert_eq!(watchdog_interval().unwrap(), None);
        assert!(taken.notify(&READY).unwrap());
        assert_eq!(received(&manager).trim(), "READY=1");

        // A manager that does not read.
        let late = taken.barrier(Duration::ZERO).unwrap_err();
        assert_eq!(late.kind(), std::io::ErrorKind::TimedOut);
        let late = barrier_to(&address, Duration::ZERO).unwrap_err();
        assert_eq!(late.kind(), std::io::ErrorKind::TimedOut);
    });
}
