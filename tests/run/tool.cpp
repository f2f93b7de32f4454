// SPDX-License-Identifier: MIT
#include "run/tool.hpp"

#include <fstream>
#include <iterator>

namespace sysfd_test {

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string member_of(const std::string& json, const std::string& name) {
  const std::string key = '"' + name + "\": ";
  const auto at = json.find(key);
  if (at == json.npos) return "";
  const auto begin = at + key.size();
  const auto end = json.find_first_of(",\n", begin);
  return json.substr(begin, end - begin);
}

}  // namespace sysfd_test
