// SPDX-License-Identifier: MIT
//
// Tests the taken descriptors, by index and by name.
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/activated.hpp"

namespace sysfd_test {
namespace {

static_assert(std::ranges::input_range<const ListenFds>);
static_assert(std::is_nothrow_move_constructible_v<ListenFds>);
static_assert(!std::is_copy_constructible_v<ListenFds>);

using Names = std::vector<std::string>;

Names names_of(const ListenFds& fds) {
  Names names;
  for (std::size_t i = 0; i < fds.size(); ++i)
    names.push_back(fds.name(i));
  return names;
}

// Runs `body` in a copy that has files with these names.
void with_names(const std::string& names, const std::function<void(ListenFds&)>& body) {
  SCOPED_TRACE(names);
  run_apart([&] {
    const auto count = static_cast<int>(std::ranges::count(names, ':')) + 1;
    open_files(count);
    auto fds = must(take(Way::environment, activation_for_us(count, names)));
    body(fds);
  });
}

std::vector<std::size_t> indices_in(const ListenFds& fds) {
  std::vector<std::size_t> indices;
  for (const auto& [index, name, fd] : fds) {
    EXPECT_EQ(name, fds.name(index));
    EXPECT_EQ(fd.get(), fds.get(index).get());
    EXPECT_EQ(fd.get(), ListenFds::first_number + static_cast<int>(index));
    indices.push_back(index);
  }
  return indices;
}

using Indices = std::vector<std::size_t>;

TEST(GivenNames, AreWhatIsBetweenTheColons) {
  const std::pair<std::string, Names> cases[] = {
      {"a", {"a"}},
      {"http:https", {"http", "https"}},
      {"a:a:a", {"a", "a", "a"}},
      {":", {"", ""}},
      {"a:", {"a", ""}},
      {":b", {"", "b"}},
      {"a::c", {"a", "", "c"}},
      {"", {""}},
      {" a : b ", {" a ", " b "}},
      {"a\\:b", {"a\\", "b"}},
      {R"("a:b")", {R"("a)", R"(b")"}},
      {"\xc3\xa4:\xff\x01\n", {"\xc3\xa4", "\xff\x01\n"}},
      {std::string(5000, 'x'), {std::string(5000, 'x')}},
  };
  for (const auto& [names, expected] : cases)
    with_names(names, [&](ListenFds& fds) { EXPECT_EQ(names_of(fds), expected); });
}

TEST(GivenNames, AreUnknownIfNoneAreSet) {
  each_way([](Way way) {
    open_files(2);
    auto fds = must(take(way, activation_for_us(2)));
    EXPECT_EQ(names_of(fds), (Names{"unknown", "unknown"}));
    EXPECT_EQ(fds.indices_of("unknown"), (Indices{0, 1}));
  });
}

TEST(GivenDescriptors, AreTakenByTheirIndex) {
  with_names("a:b:c", [](ListenFds& fds) {
    const OwnedFd second = fds.take(1);
    EXPECT_EQ(second.get(), 4);
    EXPECT_EQ(fds.size(), 3U);
    EXPECT_TRUE(fds.has(0));
    EXPECT_FALSE(fds.has(1));
    EXPECT_TRUE(fds.has(2));
    EXPECT_EQ(fds.name(1), "b") << "its name is still known";
    EXPECT_EQ(fds.get(2).get(), 5);
    EXPECT_EQ(indices_in(fds), (Indices{0, 2}));
  });
}

TEST(GivenDescriptors, ThatWereTakenOutOutliveTheRest) {
  run_apart([] {
    open_files(2);
    const OwnedFd second = must(take(Way::environment, activation_for_us(2))).take(1);
    EXPECT_FALSE(is_open(3));
    EXPECT_TRUE(is_open(4));
  });
}

TEST(GivenDescriptors, AreGoneThroughWithoutThoseTakenOut) {
  with_names("a:b:c:d", [](ListenFds& fds) {
    EXPECT_EQ(indices_in(fds), (Indices{0, 1, 2, 3}));
    {
      const OwnedFd first = fds.take(0);
    }
    EXPECT_EQ(indices_in(fds), (Indices{1, 2, 3}));
    {
      const OwnedFd last = fds.take(3);
    }
    EXPECT_EQ(indices_in(fds), (Indices{1, 2}));
    EXPECT_EQ(std::ranges::distance(fds), 2);
    auto entry = fds.begin();
    EXPECT_EQ((*entry++).index, 1U);
    EXPECT_EQ((*entry).index, 2U);
    EXPECT_EQ(++entry, fds.end());
    {
      const OwnedFd one = fds.take(1), other = fds.take(2);
    }
    EXPECT_EQ(fds.begin(), fds.end());
  });
}

TEST(GivenDescriptors, AreFoundByName) {
  with_names("a:b:a:", [](ListenFds& fds) {
    EXPECT_EQ(fds.indices_of("a"), (Indices{0, 2}));
    EXPECT_EQ(fds.indices_of(""), (Indices{3}));
    EXPECT_EQ(fds.indices_of("A"), Indices());
    EXPECT_EQ(fds.indices_of("a:"), Indices());
    EXPECT_EQ(must(fds.get_one("b")).get(), 4);
    EXPECT_EQ(must(fds.get_one("")).get(), 6);
    EXPECT_TRUE(fds.has(1)) << "it was borrowed";

    EXPECT_EQ(must(fds.take_one("b")).get(), 4);
    EXPECT_FALSE(fds.has(1));
    for (const char* name : {"b", "x"}) {
      const auto missing = fds.take_one(name);
      ASSERT_FALSE(missing);
      EXPECT_EQ(missing.error().kind, ListenErrorKind::not_found);
      EXPECT_EQ(missing.error().describe(),
                '"' + std::string(name) + "\": no descriptor has this name");
      EXPECT_EQ(fds.get_one(name).error().kind, ListenErrorKind::not_found);
    }
  });
}

TEST(GivenDescriptors, WithOneNameAreAmbiguousUntilOneIsLeft) {
  with_names("a:b:a", [](ListenFds& fds) {
    const auto ambiguous = fds.take_one("a");
    ASSERT_FALSE(ambiguous);
    EXPECT_EQ(ambiguous.error().kind, ListenErrorKind::ambiguous);
    EXPECT_EQ(ambiguous.error().describe(), "\"a\": 2 descriptors have this name");
    EXPECT_EQ(fds.get_one("a").error().kind, ListenErrorKind::ambiguous);
    EXPECT_EQ(indices_in(fds), (Indices{0, 1, 2}));
    {
      const OwnedFd first = fds.take(0);
    }
    EXPECT_EQ(must(fds.take_one("a")).get(), 5);
    EXPECT_EQ(indices_in(fds), (Indices{1}));
  });
}

TEST(GivenDescriptors, WithOneNameAreTakenTogether) {
  with_names("a:b:a:a", [](ListenFds& fds) {
    {
      const OwnedFd one = fds.take(2);
    }
    const auto all = must(fds.take_all("a"));
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].get(), 3);
    EXPECT_EQ(all[1].get(), 6);
    EXPECT_EQ(indices_in(fds), (Indices{1}));
    EXPECT_TRUE(must(fds.take_all("a")).empty()) << "none is no error";
  });
}

// The names are "sock", "file" and, twice, "both".
void with_types(const std::function<void(ListenFds&)>& body) {
  each_way([&](Way way) {
    auto sockets = must(socket_pair(SOCK_DGRAM));
    sockets.first = beyond_the_passed(std::move(sockets.first));
    sockets.second = beyond_the_passed(std::move(sockets.second));
    const OwnedFd file = beyond_the_passed(some_file());
    pass_files({sockets.first, file, sockets.second, file});
    auto fds = must(take(way, activation_for_us(4, "sock:file:both:both")));
    body(fds);
    EXPECT_EQ(indices_in(fds), (Indices{0, 1, 2, 3}));
  });
}

template <class T>
void expect_wrong_type(const Result<T, ListenError>& taken, const char* description) {
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ListenErrorKind::wrong_type);
  EXPECT_EQ(taken.error().describe(), description);
}

TEST(GivenDescriptorOfAnotherType, StaysWhereItIs) {
  with_types([](ListenFds& fds) {
    expect_wrong_type(fds.take(0, FdType::stream()),
                      R"(descriptor 3, "sock": not a stream socket that does not listen)");
    expect_wrong_type(fds.take_one("sock", FdType::fifo()), R"(descriptor 3, "sock": not a FIFO)");
    expect_wrong_type(fds.get_one("file", FdType::socket()),
                      R"(descriptor 4, "file": not a socket)");
    expect_wrong_type(fds.take_all("both", FdType::socket()),
                      R"(descriptor 6, "both": not a socket)");
    expect_wrong_type(fds.take_all("both", FdType::special_file()),
                      R"(descriptor 5, "both": not a special file)");
    // The check for more than one comes first.
    EXPECT_EQ(fds.take_one("both", FdType::fifo()).error().kind, ListenErrorKind::ambiguous);
  });
}

TEST(GivenDescriptorOfAnotherType, ReportsWhyItCouldNotBeChecked) {
  with_types([](ListenFds& fds) {
    const auto refused = fds.take(0, FdType::fifo().inet());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ListenErrorKind::wrong_type);
    EXPECT_EQ(refused.error().code, std::errc::invalid_argument);
    EXPECT_EQ(refused.error().describe(),
              R"(descriptor 3, "sock": not a FIFO of IPv4: Invalid argument)");
  });
}

TEST(GivenDescriptorOfTheRightType, IsTaken) {
  each_way([](Way way) {
    auto sockets = must(socket_pair(SOCK_DGRAM));
    sockets.first = beyond_the_passed(std::move(sockets.first));
    sockets.second = beyond_the_passed(std::move(sockets.second));
    const OwnedFd file = beyond_the_passed(some_file());
    pass_files({sockets.first, file, file, file});
    auto fds = must(take(way, activation_for_us(4, "sock:file:both:both")));
    EXPECT_EQ(must(fds.get_one("sock", FdType::datagram())).get(), 3);
    EXPECT_EQ(must(fds.take(0, FdType::datagram())).get(), 3);
    EXPECT_EQ(must(fds.take_one("file", FdType::special_file())).get(), 4);
    EXPECT_EQ(must(fds.take_all("both", FdType::special_file())).size(), 2U);
    EXPECT_EQ(indices_in(fds), Indices());
  });
}

}  // namespace
}  // namespace sysfd_test
