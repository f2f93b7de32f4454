// SPDX-License-Identifier: MIT
//
// Go: exec.Cmd with Start and Wait; passed descriptors are ExtraFiles, which become 3, 4, ... of
// the child in their order. Arguments and output: see peer.hpp.
package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func open(count int) (files []*os.File) {
	for i := 0; i < count; i++ {
		file, err := os.Open("/dev/null")
		must(err)
		files = append(files, file)
	}
	return files
}

func main() {
	number := func(index int) int {
		value, err := strconv.Atoi(os.Args[index])
		must(err)
		return value
	}
	starts, threads := number(2), number(6)
	if size := number(3); size > 0 {
		memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS|syscall.MAP_POPULATE)
		must(err)
		defer syscall.Munmap(memory)
	}
	held := open(number(4))
	passed := open(number(5)) // the highest numbers of all
	var arguments []string
	for i := 0; i < number(7); i++ {
		arguments = append(arguments, "argument-"+strconv.Itoa(i))
	}
	startAndWait := func() {
		command := exec.Command(os.Args[1], arguments...)
		command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
		command.ExtraFiles = passed
		must(command.Start())
		must(command.Wait())
	}
	for i := 0; i < 4; i++ {
		startAndWait()
	}

	var nanoseconds []int64
	if threads == 1 {
		for i := 0; i < starts; i++ {
			begin := time.Now()
			startAndWait()
			nanoseconds = append(nanoseconds, time.Since(begin).Nanoseconds())
		}
	} else {
		var all sync.WaitGroup
		begin := time.Now()
		for i := 0; i < threads; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				for j := 0; j < starts/threads; j++ {
					startAndWait()
				}
			}()
		}
		all.Wait()
		each := time.Since(begin).Nanoseconds() / int64(starts/threads*threads)
		nanoseconds = append(nanoseconds, each)
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string][]int64{"nanoseconds": nanoseconds}))
	for _, file := range append(held, passed...) {
		file.Close()
	}
}
