// Checks receipts with Torchwood, the library of the people who wrote C2SP's tlog-proof: an implementation that shares
// no line with the gateway, and that reads what a receipt holds as it stands there.
//
//	tlogproof POLICY LEAF PROOF [LEAF PROOF]...
//
// POLICY is a C2SP tlog-policy, LEAF the bytes of an entry. What holds is said line by line; the first that does not
// ends with 1.
package main

import (
	"fmt"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	policy, err := torchwood.ParsePolicy(read(os.Args[1]))
	check(err)
	for pair := os.Args[2:]; len(pair) > 1; pair = pair[2:] {
		check(torchwood.VerifyProof(policy, tlog.RecordHash(read(pair[0])), read(pair[1])))
		fmt.Println("proof: holds")
	}
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	check(err)
	return content
}

func check(err error) {
	if err != nil {
		fmt.Println("does not hold:", err)
		os.Exit(1)
	}
}
