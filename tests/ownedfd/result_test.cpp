// SPDX-License-Identifier: MIT
#include <sysfd/result.hpp>

#include <cerrno>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

Result<int> number(int value) {
  return value;
}

template <class T = int>
Result<T> failed(int error = ENOENT) {
  return std::unexpected(std::error_code(error, std::system_category()));
}

// An error that names what failed, like those of the other modules.
struct Refusal {
  std::string what;
  std::string describe() const { return "cannot " + what; }
  operator std::error_code() const { return {EPERM, std::system_category()}; }
};

TEST(ResultDeathTest, TheValueOfAnErrorStopsTheProgramAndNamesIt) {
  const Result<int> result = failed();
  const Result<std::string> text = failed<std::string>(EACCES);
  const char* const no_such_file =
      "sysfd: value of a Result that holds an error: No such file or directory \\(ENOENT\\)";
  EXPECT_DEATH(static_cast<void>(*result), no_such_file);
  EXPECT_DEATH(static_cast<void>(*failed()), no_such_file);
  EXPECT_DEATH(*failed<void>(), no_such_file);
  EXPECT_DEATH(static_cast<void>(text->size()), "Permission denied \\(EACCES\\)");
  EXPECT_DEATH(static_cast<void>(*failed<OwnedFd>()), no_such_file);
  const Result<int, Refusal> refused = std::unexpected(Refusal{"sing"});
  EXPECT_DEATH(static_cast<void>(*refused), "holds an error: cannot sing \\(EPERM\\)");
  const Result<int, long> odd = std::unexpected(5L);
  EXPECT_DEATH(static_cast<void>(*odd), "value of a Result that holds an error");
  const Result<int> unknown = failed(99999);
  EXPECT_DEATH(static_cast<void>(*unknown), "Unknown error 99999\n");
  const Result<int> of_others =
      std::unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
  EXPECT_DEATH(static_cast<void>(*of_others), "No such file or directory\n");
}

TEST(ResultDeathTest, TheErrorOfAValueStopsTheProgram) {
  const auto result = number(1);
  EXPECT_DEATH(static_cast<void>(result.error()), "error of a Result that holds a value");
  EXPECT_DEATH(static_cast<void>(number(1).error()), "error of a Result that holds a value");
}

TEST(Result, IsMadeFromAStdExpectedAndIsOne) {
  const std::expected<int, std::error_code> expected = 5;
  const Result<long> converted = expected;
  EXPECT_EQ(converted, 5);
  const std::expected<long, std::error_code> back = converted;
  EXPECT_EQ(back, converted);
  const auto has_value = []<class T, class E>(const std::expected<T, E>& each) {
    return each.has_value();
  };
  EXPECT_TRUE(has_value(converted));
  EXPECT_FALSE(has_value(failed()));
  const Result<> nothing = std::expected<void, std::error_code>();
  EXPECT_TRUE(nothing);
}

TEST(Result, IsComparedByWhatItHolds) {
  EXPECT_EQ(number(5), number(5));
  EXPECT_NE(number(5), number(6));
  EXPECT_NE(number(5), failed());
  EXPECT_EQ(failed(), failed());
  EXPECT_NE(failed(), failed<int>(EACCES));
  EXPECT_EQ(failed(), std::unexpected(std::error_code(ENOENT, std::system_category())));
  EXPECT_NE(failed(), std::unexpected(std::error_code(EACCES, std::system_category())));
  EXPECT_NE(number(5), std::unexpected(std::error_code(ENOENT, std::system_category())));
  EXPECT_NE(failed(), 0) << "the error's number is no value";
  EXPECT_EQ(number(5), Result<long>(5));
  EXPECT_EQ(Result<>(), Result<>());
  const std::expected<int, std::error_code> error = failed();
  EXPECT_EQ(error, failed());
  EXPECT_EQ(failed(), error);
}

TEST(Result, OfAnAnswerIsComparedWithOne) {
  EXPECT_TRUE(Result<bool>(true) == true);
  EXPECT_FALSE(Result<bool>(false) == true);
  EXPECT_FALSE(failed<bool>() == true);
  EXPECT_FALSE(failed<bool>() == false);
}

TEST(Result, PassesAnErrorOfAnotherTypeOn) {
  const auto sing = []() -> Result<int, Refusal> { return std::unexpected(Refusal{"sing"}); };
  const auto concert = [&]() -> Result<> {
    if (auto song = sing(); !song) return std::unexpected(song.error());
    return {};
  };
  EXPECT_EQ(concert().error(), std::errc::operation_not_permitted);
  const Result<int> converted = sing();
  EXPECT_EQ(converted.error(), std::errc::operation_not_permitted);
}

TEST(Result, HasTheMonadicFunctions) {
  const auto half = [](int value) -> Result<int> {
    if (value % 2 != 0) return failed<int>(EDOM);
    return value / 2;
  };
  EXPECT_EQ(number(8).and_then(half), 4);
  EXPECT_EQ(number(8).and_then(half).and_then(half).and_then(half).and_then(half).error(),
            std::errc::argument_out_of_domain);
  EXPECT_EQ(number(7).and_then(half).and_then(half).error(), std::errc::argument_out_of_domain);
  EXPECT_EQ(number(2).transform([](int value) { return std::to_string(value); }), "2");
  int seen = 0;
  EXPECT_TRUE(number(2).transform([&](int value) { seen = value; }));
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(Result<>().transform([] { return 3; }), 3);
  EXPECT_EQ(Result<>().and_then([]() -> std::expected<int, std::error_code> { return 4; }), 4);
  EXPECT_EQ(failed().or_else([](std::error_code error) { return number(error.value()); }), ENOENT);
  EXPECT_EQ(number(1).or_else([](std::error_code) { return number(0); }), 1);
  EXPECT_EQ(failed().transform_error([](std::error_code error) { return error.value(); }).error(),
            ENOENT);
  EXPECT_EQ(number(1).transform_error([](std::error_code error) { return error.value(); }), 1);
  const Result<int> kept = 6;
  EXPECT_EQ(kept.and_then(half), 3);
  EXPECT_EQ(failed<>().transform([](int) { return 0; }).error(),
            std::errc::no_such_file_or_directory);
}

TEST(Result, MovesAnOwnerOutOnce) {
  Result<OwnedFd> file = some_file();
  const int number = file->get();
  const auto size = std::move(file).and_then([&](OwnedFd fd) -> Result<int> { return fd.get(); });
  EXPECT_EQ(size, number);
  EXPECT_FALSE(is_open(number));
}

// A reference to a part of a temporary would dangle.
TEST(Result, ThatIsATemporaryGivesItsValueAway) {
  const auto text = [] { return Result<std::string>(std::string(100, 'x')); };
  const auto& whole = *text();
  EXPECT_EQ(whole.size(), 100U);
  std::size_t letters = 0;
  for (const char letter : *text())
    letters += letter == 'x';
  EXPECT_EQ(letters, 100U);
  static_assert(!std::is_reference_v<decltype(*text())> &&
                !std::is_reference_v<decltype(text().value())>);
}

TEST(Result, OfALivingOwnerCanBeBorrowed) {
  const Result<OwnedFd> file = some_file();
  const BorrowedFd borrowed = file;
  EXPECT_EQ(borrowed.get(), file->get());
  const std::optional<OwnedFd> perhaps = some_file();
  const std::optional<BorrowedFd> also = perhaps;
  EXPECT_EQ(also->get(), perhaps->get());
  const Result<OwnedFd> none = failed<OwnedFd>();
  EXPECT_DEATH(static_cast<void>(BorrowedFd(none)), "value of a Result that holds an error");
  const std::optional<OwnedFd> nothing;
  EXPECT_DEATH(static_cast<void>(BorrowedFd(nothing)), "a descriptor of an optional that is empty");
}

#if defined(__cpp_exceptions)

template <class T = void>
Result<T> denied() {
  return failed<T>(EACCES);
}

TEST(OrThrow, ReturnsTheValue) {
  EXPECT_EQ(or_throw(Result<int>(7), "seven"), 7);
}

TEST(OrThrow, MovesAnOwnerOut) {
  OwnedFd file = some_file();
  const int number = file.get();
  const OwnedFd taken = or_throw(Result<OwnedFd>(std::move(file)), "file");
  EXPECT_EQ(taken.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(OrThrow, ReturnsNothingWhereThereIsNoValue) {
  static_assert(std::is_void_v<decltype(or_throw(Result<>(), ""))>);
  EXPECT_NO_THROW(or_throw(Result<>(), "nothing"));
}

template <class T>
void expect_thrown(Result<T> result) {
  try {
    static_cast<void>(or_throw(std::move(result), "open the log"));
    FAIL() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::permission_denied);
    EXPECT_TRUE(std::string_view(error.what()).starts_with("open the log")) << error.what();
  }
}

TEST(OrThrow, IsAMemberToo) {
  EXPECT_EQ(number(7).or_throw(), 7);
  Result<OwnedFd> file = some_file();
  EXPECT_TRUE(is_open(file.or_throw("file").get())) << "still the Result's";
  EXPECT_TRUE(is_open(std::as_const(file).or_throw("file").get()));
  const OwnedFd taken = std::move(file).or_throw("file");
  EXPECT_TRUE(is_open(taken.get()));
  const Result<int, Refusal> refused = std::unexpected(Refusal{"sing"});
  const auto message = [](const auto& run) -> std::string {
    try {
      static_cast<void>(run());
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_EQ(message([&] { return refused.or_throw("open the concert"); }),
            "open the concert: cannot sing");
  EXPECT_EQ(message([&] { return refused.or_throw(); }), "cannot sing");
  Result<int> error = failed();
  EXPECT_EQ(message([&] { return error.or_throw(); }), "No such file or directory");
  EXPECT_EQ(message([] { return failed().or_throw(); }), "No such file or directory");
  EXPECT_EQ(message([] { return failed().or_throw("log"); }), "log: No such file or directory");
}

TEST(OrThrow, ThrowsTheErrorWithWhatWasTried) {
  expect_thrown(denied<>());
  expect_thrown(denied<int>());
  expect_thrown(denied<OwnedFd>());
}

#endif  // __cpp_exceptions

}  // namespace
}  // namespace sysfd_test
