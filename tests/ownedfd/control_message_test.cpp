// SPDX-License-Identifier: MIT
#include <sysfd/detail/control_message.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <new>
#include <span>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::DescriptorsBuffer;

// After an odd number of descriptors, the kernel also reads the padding at the end of the message,
// and tools that search for uninitialized memory report it.
TEST(ControlMessage, HasNoBytesWithoutAValue) {
  const std::array fds{BorrowedFd::unsafe_borrow(0), BorrowedFd::unsafe_borrow(1),
                       BorrowedFd::unsafe_borrow(2)};
  for (std::size_t count = 1; count <= fds.size(); ++count) {
    alignas(DescriptorsBuffer) std::array<unsigned char, sizeof(DescriptorsBuffer)> memory;
    memory.fill(0xaa);
    auto* const buffer = ::new (memory.data()) DescriptorsBuffer;
    msghdr message{};
    buffer->attach_descriptors(message, std::span(fds).first(count));
    ASSERT_EQ(message.msg_controllen, CMSG_SPACE(count * sizeof(int)));
    const std::span bytes(static_cast<const unsigned char*>(message.msg_control),
                          message.msg_controllen);
    EXPECT_EQ(std::ranges::count(bytes, 0xaa), 0) << count;
  }
}

TEST(ControlMessage, OfNoDescriptorsIsNone) {
  DescriptorsBuffer buffer;
  msghdr message{};
  buffer.attach_descriptors(message, {});
  EXPECT_EQ(message.msg_control, nullptr);
  EXPECT_EQ(message.msg_controllen, 0U);
}

}  // namespace
}  // namespace sysfd_test
