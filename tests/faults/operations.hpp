// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_FAULTS_OPERATIONS_HPP
#define SYSFD_TESTS_FAULTS_OPERATIONS_HPP

#include <string>
#include <vector>

#include "faults/sweep.hpp"

namespace sysfd_test {

// The public operations of each module, and the functions of the C interface, which "capi: "
// stands before. The names of the others begin with the module's.
std::vector<Operation> ownedfd_operations();
std::vector<Operation> sharing_operations();
std::vector<Operation> pidfd_operations();
std::vector<Operation> spawn_operations();
std::vector<Operation> child_operations();
std::vector<Operation> handle_operations();
std::vector<Operation> landlock_operations();
std::vector<Operation> cgroup_operations();
std::vector<Operation> listen_operations();
std::vector<Operation> capi_descriptor_operations();
std::vector<Operation> capi_file_operations();
std::vector<Operation> capi_process_operations();
std::vector<Operation> capi_confinement_operations();
std::vector<Operation> capi_command_operations();
std::vector<Operation> capi_spawn_operations();
std::vector<Operation> capi_listen_operations();
const std::vector<Operation>& all_operations();

// The program that operations start, whose calls do not count (sweep_program.cpp).
std::string sweep_program();

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FAULTS_OPERATIONS_HPP
