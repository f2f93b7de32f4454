// SPDX-License-Identifier: MIT
//
// try_inputs RUNS DIRECTORY...: takes the place of libFuzzer with the memory sanitizer, for which
// libFuzzer itself is not compiled: the linker takes its copy of each template that both have.
// Tries the files of the directories, and then this many inputs that are made of them.
#include <dirent.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed);
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
}

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t most_bytes = 4096;
std::minstd_rand random_number;

std::size_t below(std::size_t end) {
  return random_number() % std::max<std::size_t>(end, 1);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

void add_files(const std::string& directory, std::vector<Bytes>& inputs) {
  DIR* const listing = ::opendir(directory.c_str());
  if (!listing) return;
  while (const dirent* const entry = ::readdir(listing)) {
    const std::unique_ptr<std::FILE, CloseFile> file(
        std::fopen((directory + "/" + entry->d_name).c_str(), "re"));
    Bytes bytes(most_bytes);
    if (!file || entry->d_name[0] == '.') continue;
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
    inputs.push_back(bytes);
  }
  ::closedir(listing);
}

}  // namespace

// One to four changes: a byte is another one, is gone, or comes twice; the end is cut off.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(size), kind = below(8);
    if (size == 0 || (kind == 0 && size < max_size)) {
      std::memmove(data + at + 1, data + at, size - at);
      if (size++ == 0) data[at] = static_cast<std::uint8_t>(random_number());
    } else if (kind == 1) {
      std::memmove(data + at, data + at + 1, --size - at);
    } else if (kind == 2) {
      size = at;
    } else if (kind < 5) {
      data[at] = static_cast<std::uint8_t>(data[at] ^ 1U << below(8));
    } else {
      data[at] = static_cast<std::uint8_t>(random_number());
    }
  }
  return size;
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  std::vector<Bytes> inputs{{}};
  for (int i = 2; i < count; ++i)
    add_files(arguments[i], inputs);
  for (const Bytes& input : inputs)
    (void)LLVMFuzzerTestOneInput(input.data(), input.size());
  for (long runs = std::atol(arguments[1]); runs > 0; --runs) {
    Bytes input = inputs[below(inputs.size())];
    const std::size_t size = input.size();
    input.resize(most_bytes);
    const auto seed = static_cast<unsigned>(random_number());
    // A copy of its own, so that a byte behind the end is found.
    input.resize(LLVMFuzzerCustomMutator(input.data(), size, input.size(), seed));
    (void)LLVMFuzzerTestOneInput(Bytes(input).data(), input.size());
  }
  std::printf("%zu files, %s inputs made of them\n", inputs.size() - 1, arguments[1]);
}
