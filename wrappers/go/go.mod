// SPDX-License-Identifier: MIT

module sysfd

go 1.19
