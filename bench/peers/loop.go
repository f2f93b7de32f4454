// SPDX-License-Identifier: MIT
//
// Go: exec.Cmd with Start and Wait; passed descriptors are ExtraFiles, which become 3, 4, ... of
// the child in their order. See peer.hpp.
//
// peer: Go os/exec
// package: golang-go
// starts by: clone (VM, VFORK)
// not passed: stay open unless close-on-exec
// passes: 3, 4, ... in order
// waits by: wait4; a pidfd since 1.23
// build: env GO111MODULE=off GOFLAGS= GOCACHE={out}.cache go build -o {out} {file}
// run: {out}
// version: go version
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
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
	task := map[string]string{}
	for _, word := range os.Args[1:] {
		key, value, _ := strings.Cut(word, "=")
		task[key] = value
	}
	number := func(key string) int {
		value, err := strconv.Atoi(task[key])
		must(err)
		return value
	}
	threads := number("threads")
	if size := number("memory"); size > 0 {
		memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS|syscall.MAP_POPULATE)
		must(err)
		defer syscall.Munmap(memory)
	}
	held := open(number("descriptors"))
	passed := open(number("passed")) // the highest numbers of all
	var arguments []string
	for i := 0; i < number("arguments"); i++ {
		arguments = append(arguments, "argument-"+strconv.Itoa(i))
	}
	startAndWait := func() int64 {
		begin := time.Now()
		command := exec.Command(task["program"], arguments...)
		command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
		command.ExtraFiles = passed
		must(command.Start())
		must(command.Wait())
		return time.Since(begin).Nanoseconds()
	}
	atOnce := func(starts int) int64 {
		each := (starts + threads - 1) / threads
		var all sync.WaitGroup
		begin := time.Now()
		for i := 0; i < threads; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				for j := 0; j < each; j++ {
					startAndWait()
				}
			}()
		}
		all.Wait()
		return time.Since(begin).Nanoseconds() / int64(each*threads)
	}

	for i := 0; i < 4; i++ {
		startAndWait()
	}
	for starts := 0; ; {
		if _, err := fmt.Scan(&starts); err != nil {
			break
		}
		if threads > 1 {
			fmt.Print(atOnce(starts))
		}
		for i := 0; threads == 1 && i < starts; i++ {
			fmt.Print(startAndWait(), " ")
		}
		fmt.Println()
	}
	for _, file := range append(held, passed...) {
		file.Close()
	}
}
