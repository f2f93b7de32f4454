// SPDX-License-Identifier: MIT
//
// Tests which objects match which types. compared_with_libsystemd compares with libsystemd.
#include <sysfd/fd_type.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/objects.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

// Returns a number that no test has open.
BorrowedFd closed() {
  return BorrowedFd::unsafe_borrow(900);
}

TEST(TypeOfADescriptor, IsWhatItIsAndNothingElse) {
  const ScratchDirectory directory;
  const auto objects = all_objects(directory.path());
  EXPECT_GE(objects.size(), 35U);
  for (const Object& object : objects)
    for (const auto& [name, type] : all_types()) {
      const auto matches = type.matches(object.fd);
      // It has no socket options.
      if (object.what == "socket that is only named" && name != "socket" &&
          type.describe().contains("socket")) {
        EXPECT_EQ(error_of(matches), std::errc::bad_file_descriptor) << name;
        continue;
      }
      EXPECT_EQ(matches, object.types.contains(name)) << object.what << ", " << name;
    }
}

TEST(TypeOfADescriptor, OfEachKindIsSeen) {
  const ScratchDirectory directory;
  const auto objects = all_objects(directory.path());
  for (const auto& [name, type] : all_types()) {
    const bool is_seen =
        std::ranges::any_of(objects, [&](const Object& each) { return each.types.contains(name); });
    EXPECT_TRUE(is_seen || name == "message_queue") << name;
  }
}

TEST(TypeOfADescriptor, ThatIsNotOpenIsAnError) {
  for (const auto& [name, type] : all_types())
    EXPECT_EQ(error_of(type.matches(closed())), std::errc::bad_file_descriptor) << name;
}

TEST(TypeOfADescriptor, CanBeAskedForShortly) {
  const ScratchDirectory directory;
  for (const Object& object : all_objects(directory.path())) {
    SCOPED_TRACE(object.what);
    if (object.what == "socket that is only named") continue;
    EXPECT_EQ(is_socket(object.fd), object.types.contains("socket"));
    EXPECT_EQ(is_listening_stream(object.fd), object.types.contains("stream_listener"));
    EXPECT_EQ(is_datagram(object.fd), object.types.contains("datagram"));
    EXPECT_EQ(is_fifo(object.fd), object.types.contains("fifo"));
    EXPECT_EQ(is_special_file(object.fd), object.types.contains("special_file"));
    EXPECT_EQ(is_message_queue(object.fd), object.types.contains("message_queue"));
  }
}

TEST(TypeOfADescriptor, IsDescribed) {
  const std::pair<FdType, const char*> cases[] = {
      {FdType::any(), "an open descriptor"},
      {FdType::socket(), "a socket"},
      {FdType::stream_listener(), "a listening stream socket"},
      {FdType::stream(), "a stream socket that does not listen"},
      {FdType::seqpacket_listener(), "a listening seqpacket socket"},
      {FdType::seqpacket(), "a seqpacket socket that does not listen"},
      {FdType::datagram(), "a datagram socket"},
      {FdType::fifo(), "a FIFO"},
      {FdType::special_file(), "a special file"},
      {FdType::message_queue(), "a message queue"},
      {FdType::stream_listener().ip(443), "a listening stream socket of IP, port 443"},
      {FdType::stream_listener().inet(0), "a listening stream socket of IPv4, port 0"},
      {FdType::datagram().inet6(), "a datagram socket of IPv6"},
      {FdType::socket().inet(1).ip(), "a socket of IP"},
      {FdType::stream().unix_path("/run/x"), R"(a stream socket that does not listen at "/run/x")"},
      {FdType::stream().unix_abstract("x"),
       R"(a stream socket that does not listen with the abstract name "x")"},
      {FdType::fifo().at("/run/f"), R"(a FIFO at "/run/f")"},
      {FdType::message_queue().at("/q"), R"(a message queue at "/q")"},
  };
  for (const auto& [type, text] : cases)
    EXPECT_EQ(type.describe(), text);
}

TEST(NarrowedType, ThatCannotBeIsAnError) {
  const OwnedFd null = must(sysfd::open(cwd(), "/dev/null", O_RDWR));
  const FdType wrong[] = {
      FdType::any().inet(),
      FdType::any().at("/dev/null"),
      FdType::any().unix_path("/x"),
      FdType::any().unix_abstract("x"),
      FdType::fifo().inet(),
      FdType::special_file().inet6(),
      FdType::fifo().ip(7),
      FdType::message_queue().unix_path("/x"),
      FdType::socket().at("/x"),
      FdType::datagram().at("/x"),
      FdType::stream().at("/x"),
      FdType::special_file().unix_abstract("x"),
      FdType::fifo().at("a\0b"s),
      FdType::stream().unix_path("a\0b"s),
      FdType::message_queue().at(""),
      FdType::message_queue().at("x"),
      // A valid address does not make up for an invalid path.
      FdType::socket().at("/x").inet(),
      FdType::special_file().inet().at("/dev/null"),
      FdType::special_file().at(static_cast<const char*>(nullptr)),
  };
  for (const FdType& type : wrong)
    for (const BorrowedFd fd : {BorrowedFd(null), closed()})
      EXPECT_EQ(error_of(type.matches(fd)), std::errc::invalid_argument) << type.describe();
}

}  // namespace
}  // namespace sysfd_test
