// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <optional>

#include "option_table.hpp"
#include "values.hpp"

namespace sysfd_run {
namespace {

constexpr std::string_view introduction =
    "usage: sysfd-run [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "\n"
    "Starts PROGRAM with what the options say, by one execve(2). Each option names the part of\n"
    "the sysfd library, and the system call, that it is made of.\n";

constexpr std::string_view end_of_help =
    "\n"
    "Exit status: that of the program, 128 + n if signal n killed it, and\n"
    "  123  --lock-timeout: another process still holds the lock\n"
    "  124  --deadline: the program has not ended in time\n"
    "  125  sysfd-run has failed: an option is wrong, or cannot be enforced\n"
    "  126  the program was found, but cannot be executed\n"
    "  127  the program was not found\n"
    "--json tells these apart from the statuses 123 to 255 of the program itself.\n";

// Breaks the text between words, at 100 columns.
void add_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  constexpr std::size_t columns = 100;
  std::size_t column = columns;
  while (!text.empty()) {
    const std::size_t size = text.find(' ');
    const std::string_view word = text.substr(0, size);
    text.remove_prefix(size == text.npos ? text.size() : size + 1);
    if (column + 1 + word.size() > columns) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
}

std::string names_of_all() {
  std::string names;
  for (const Option& option : options())
    names += cat({names.empty() ? "--" : " --", option.name});
  return names;
}

std::string names_that(Completes what) {
  std::string names;
  for (const Option& option : options())
    if (option.completes == what) names += cat({names.empty() ? "--" : "|--", option.name});
  return names;
}

std::string names_without_completion() {
  std::string names;
  for (const Option& option : options())
    if (!option.argument.empty() && option.completes == Completes::nothing)
      names += cat({names.empty() ? "--" : "|--", option.name});
  return names;
}

std::string with_arguments() {
  std::string names;
  for (const Option& option : options())
    if (!option.argument.empty()) names += cat({names.empty() ? "--" : "|--", option.name});
  return names;
}

constexpr std::string_view bash_template = R"(# SPDX-License-Identifier: MIT
# Completion of sysfd-run for bash: printed by sysfd-run --completion bash.
_sysfd_run() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --) ((++i)) && break ;;
      @with_arguments@) [[ ${COMP_WORDS[++i]} = = ]] && ((++i)) ;;
      -*) ;;
      *) break ;;
    esac
  done
  if ((i < COMP_CWORD)); then
    _command_offset "$i" 2>/dev/null || mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  # Bash takes the = of --option=value for a word.
  [[ $before = = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $word = = ]] && word=
  case $before in
    @files@) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    @directories@) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    @users@) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
    @groups@) mapfile -t COMPREPLY < <(compgen -g -- "$word") ;;
    @signals@) mapfile -t COMPREPLY < <(compgen -A signal -- "$word") ;;
    @others@) ;;
    *)
      if [[ $word = -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '@all@' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
      fi
      ;;
  esac
}
complete -o filenames -F _sysfd_run sysfd-run
)";

std::string bash_list(std::string_view name) {
  if (name == "with_arguments") return with_arguments();
  if (name == "files") return names_that(Completes::file);
  if (name == "directories") return names_that(Completes::directory);
  if (name == "users") return names_that(Completes::user);
  if (name == "groups") return names_that(Completes::group);
  if (name == "signals") return names_that(Completes::signal);
  if (name == "others") return names_without_completion();
  return names_of_all();
}

// Text and names of lists take turns.
std::string bash() {
  std::string out;
  bool is_name = false;
  for (const std::string_view part : split(bash_template, '@')) {
    out += is_name ? bash_list(part) : std::string(part);
    is_name = !is_name;
  }
  return out;
}

// Within quotes of a shell, and brackets of zsh.
std::string escaped(std::string_view text, std::string_view special, std::string_view escape) {
  std::string out;
  for (const char each : text) {
    if (each == '\'')
      out += "'\\''";
    else if (special.find(each) != special.npos)
      out += cat({escape, std::string_view(&each, 1)});
    else
      out += each;
  }
  return out;
}

std::string zsh() {
  std::string out =
      "#compdef sysfd-run\n"
      "# SPDX-License-Identifier: MIT\n"
      "# Completion of sysfd-run for zsh: printed by sysfd-run --completion zsh.\n"
      "_arguments -S \\\n";
  for (const Option& option : options()) {
    std::string_view action;
    switch (option.completes) {
      case Completes::file: action = "_files"; break;
      case Completes::directory: action = "_files -/"; break;
      case Completes::user: action = "_users"; break;
      case Completes::group: action = "_groups"; break;
      case Completes::signal: action = "_signals -s"; break;
      case Completes::nothing: break;
    }
    out += cat({"  '", option.form == Form::many ? "*" : "", "--", option.name, "[",
                escaped(option.text, "[]", "\\"), "]"});
    if (!option.argument.empty())
      out += cat({":", escaped(option.argument, "[]:", "\\"), ":", action});
    out += "' \\\n";
  }
  return out + "  '(-):program: _command_names -e' \\\n  '*::arguments: _normal'\n";
}

std::string fish() {
  std::string out =
      "# SPDX-License-Identifier: MIT\n"
      "# Completion of sysfd-run for fish: printed by sysfd-run --completion fish.\n"
      "complete -c sysfd-run -f -a '(__fish_complete_subcommand)'\n";
  for (const Option& option : options()) {
    std::string_view action;
    switch (option.completes) {
      case Completes::file: action = " -r -F"; break;
      case Completes::directory: action = " -x -a '(__fish_complete_directories)'"; break;
      case Completes::user: action = " -x -a '(__fish_complete_users)'"; break;
      case Completes::group: action = " -x -a '(__fish_complete_groups)'"; break;
      case Completes::signal: action = " -x -a 'TERM INT HUP QUIT KILL USR1 USR2'"; break;
      case Completes::nothing:
        if (!option.argument.empty()) action = " -x";
        break;
    }
    std::string text;
    for (const char each : option.text)
      text += each == '\'' || each == '\\' ? cat({"\\", std::string_view(&each, 1)})
                                           : std::string(1, each);
    out += cat({"complete -c sysfd-run -l ", option.name, action, " -d '", text, "'\n"});
  }
  return out;
}

}  // namespace

std::string help_text() {
  constexpr std::size_t indent = 8;
  std::string out(introduction);
  std::optional<Section> section;
  for (const Option& option : options()) {
    if (section != option.section) out += cat({"\n", title_of(option.section), ":\n"});
    section = option.section;
    out += cat({"  --", option.name, option.argument.empty() ? "" : " ", option.argument});
    if (option.form == Form::many) out += "   (each time)";
    add_wrapped(out, option.text, indent);
    if (option.call != "none") add_wrapped(out, cat({"= ", option.call}), indent);
    out += '\n';
  }
  return out + std::string(end_of_help);
}

Checked<std::string> completion_for(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return complain({"--completion ", shell, ": there are bash, zsh and fish"});
}

}  // namespace sysfd_run
