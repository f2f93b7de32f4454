// SPDX-License-Identifier: MIT
//
// Finds functions of the C interface, and of the public headers, that the sweep has forgotten.
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>

#include "support/prelude.hpp"

#include "faults/operations.hpp"

namespace sysfd_test {
namespace {

constexpr std::string_view prefix = "sysfd_";

// The functions that the linker's map exports.
std::set<std::string> functions_in_map(const std::string& path) {
  std::set<std::string> names;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto start = line.find_first_not_of(' ');
    if (start != line.npos && line.compare(start, prefix.size(), prefix) == 0)
      names.insert(line.substr(start, line.find(';', start) - start));
  }
  return names;
}

// What not_swept.txt says of the functions of the C interface, or of the headers.
std::set<std::string> left_out(bool is_c) {
  std::set<std::string> names;
  std::ifstream file(SYSFD_SOURCE_DIR "/tests/faults/not_swept.txt");
  for (std::string line; std::getline(file, line);)
    if (const auto end = line.find(": "); end != line.npos && !line.starts_with('#'))
      if (line.starts_with(prefix) == is_c) names.insert(line.substr(0, end));
  return names;
}

// Expects that each function is either swept or left out with a reason.
void expect_all(const std::set<std::string>& functions, bool is_c,
                const std::function<bool(const std::string& name)>& is_swept) {
  const auto reasons = left_out(is_c);
  for (const std::string& name : functions)
    EXPECT_NE(is_swept(name), reasons.contains(name))
        << name << " is neither swept nor in not_swept.txt, or both";
  for (const std::string& name : reasons)
    EXPECT_TRUE(functions.contains(name)) << name << " is gone";
}

// True if the word is in the text, with no letter beside it.
bool has_word(const std::string& text, const std::string& word) {
  const auto is_letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const char before = at == 0 ? ' ' : text[at - 1], after = (text + ' ')[at + word.size()];
    if (!is_letter(before) && before != '~' && !is_letter(after)) return true;
  }
  return false;
}

bool is_of_c(const Operation& operation) {
  return operation.name.starts_with("capi: ");
}

// "capi: sysfd_send_fds, receive_fds" is about two functions.
bool is_swept_in_c(const std::string& function) {
  return std::ranges::any_of(all_operations(), [&](const Operation& each) {
    return is_of_c(each) &&
           (has_word(each.name, function) || has_word(each.name, function.substr(prefix.size())));
  });
}

TEST(FaultSweepOfTheCInterface, HasEachFunctionOrAReasonWhyNot) {
  const std::string source = SYSFD_SOURCE_DIR;
  if (!std::filesystem::exists(source)) GTEST_SKIP() << "needs the source";
  const auto exported = functions_in_map(source + "/capi/sysfd.map");
  ASSERT_GT(exported.size(), 100U);
  expect_all(exported, true, is_swept_in_c);
}

// The exported functions that a header declares: "open", or "OwnedFd::close" for that of a class.
// Constructors and operators have no name that a row could have.
void add_functions_of(const std::filesystem::path& header, std::set<std::string>& functions) {
  std::ifstream file(header);
  std::string text, line;
  while (std::getline(file, line))
    if (!line.starts_with('#')) text += line.substr(0, line.find("//")) + '\n';
  const std::regex token(
      R"(\b(?:class|struct|namespace)\s+(?:\[\[[^\]]*\]\]\s*)?(?:SYSFD_[A-Z]+\s+)*(\w+)[^;{}()]*\{)"
      R"(|[{}])"
      R"(|\bSYSFD_API\b[^;{}(]*?([~\w]+)\s*\()");
  std::vector<std::string> scopes;  // empty: another block
  for (std::sregex_iterator at(text.begin(), text.end(), token), end; at != end; ++at) {
    if (at->str() == "}") {
      if (!scopes.empty()) scopes.pop_back();
    } else if (!(*at)[2].matched) {
      scopes.push_back((*at)[1].str());
    } else if (std::ranges::find(scopes, "detail") == scopes.end()) {
      const std::string name = (*at)[2].str(), scope = scopes.empty() ? "" : scopes.back();
      const bool is_member = scope != "v0" && scope != "sysfd";
      if (name != scope && name != "operator")
        functions.insert(is_member ? scope + "::" + name : name);
    }
  }
}

// "spawn: Command::spawn_async, PendingChild::finish" is about two functions.
bool is_swept(const std::string& function) {
  const auto colons = function.find("::");
  const std::string type = function.substr(0, colons == function.npos ? 0 : colons);
  const std::string name = colons == function.npos ? function : function.substr(colons + 2);
  return std::ranges::any_of(all_operations(), [&](const Operation& each) {
    return !is_of_c(each) && has_word(each.name, name) &&
           (type.empty() || has_word(each.name, type));
  });
}

TEST(FaultSweepOfTheHeaders, HasEachFunctionOrAReasonWhyNot) {
  const std::filesystem::path source = SYSFD_SOURCE_DIR;
  if (!std::filesystem::exists(source)) GTEST_SKIP() << "needs the source";
  std::set<std::string> functions;
  for (const char* module :
       {"ownedfd", "sharing", "handle", "pidfd", "cgroup", "landlock", "spawn", "listen"})
    for (const auto& each : std::filesystem::directory_iterator(source / module / "include/sysfd"))
      if (each.path().extension() == ".hpp") add_functions_of(each.path(), functions);
  ASSERT_GT(functions.size(), 200U);
  expect_all(functions, false, is_swept);
}

}  // namespace
}  // namespace sysfd_test
