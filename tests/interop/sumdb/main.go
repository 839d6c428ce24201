// Reads a ledger's checkpoint and tiles with the Go checksum database's own packages, and its post-quantum signatures
// with CIRCL: implementations that share no line with the gateway.
//
//	sumdb DIRECTORY
//
// DIRECTORY has `checkpoint`, `old` (an earlier checkpoint), `vkeys` (a verifier key a line), `leaf` (an entry's bytes),
// `index`, and the tiles below `tile/`. What holds is said line by line; the first thing that does not ends with 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	plain       = 1
	cosignature = 4
	mlDSA44     = 6
)

type tree struct {
	origin string
	size   int64
	root   tlog.Hash
}

// tiles reads tiles from a directory laid out as C2SP tlog-tiles serves them.
type tiles struct{ directory string }

func (t tiles) Height() int { return 8 }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		// Go's paths name the height of a tile too.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		content, err := os.ReadFile(filepath.Join(t.directory, path))
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

func main() {
	directory := os.Args[1]
	read := func(name string) []byte { return must(os.ReadFile(filepath.Join(directory, name))) }
	keys := strings.Fields(string(read("vkeys")))
	newest, old := open(read("checkpoint"), keys), open(read("old"), keys)

	reader := tlog.TileHashReader(tlog.Tree{N: newest.size, Hash: newest.root}, tiles{directory})
	if root := must(tlog.TreeHash(newest.size, reader)); root != newest.root {
		fail("the tiles do not have the checkpoint's root")
	}
	fmt.Println("tiles: root holds")

	index := must(strconv.ParseInt(strings.TrimSpace(string(read("index"))), 10, 64))
	proof := must(tlog.ProveRecord(newest.size, index, reader))
	check(tlog.CheckRecord(proof, newest.size, newest.root, index, tlog.RecordHash(read("leaf"))))
	fmt.Println("inclusion: holds")

	grown := must(tlog.ProveTree(newest.size, old.size, reader))
	check(tlog.CheckTree(grown, newest.size, newest.root, old.size, old.root))
	fmt.Println("consistency: holds")
}

// open believes a checkpoint if every key signed it.
func open(content []byte, keys []string) tree {
	var verifiers []note.Verifier
	for _, key := range keys {
		verifiers = append(verifiers, verifier(key))
	}
	opened := must(note.Open(content, note.VerifierList(verifiers...)))
	if len(opened.Sigs) != len(keys) {
		fail(fmt.Sprintf("%d of %d keys signed", len(opened.Sigs), len(keys)))
	}
	fmt.Printf("note: %d signatures hold\n", len(opened.Sigs))
	return parse(opened.Text)
}

func parse(text string) tree {
	lines := strings.Split(text, "\n")
	root := must(tlog.ParseHash(lines[2]))
	return tree{lines[0], must(strconv.ParseInt(lines[1], 10, 64)), root}
}

// verifier is the package's own for plain Ed25519; the two of C2SP tlog-cosignature are told to it here.
func verifier(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	key := must(base64.StdEncoding.DecodeString(parts[2]))
	if key[0] == plain {
		return must(note.NewVerifier(vkey))
	}
	return timed{parts[0], uint32(must(strconv.ParseUint(parts[1], 16, 32))), key}
}

type timed struct {
	name string
	id   uint32
	key  []byte
}

func (t timed) Name() string    { return t.name }
func (t timed) KeyHash() uint32 { return t.id }

func (t timed) Verify(message, signature []byte) bool {
	at := binary.BigEndian.Uint64(signature)
	if t.key[0] == cosignature {
		signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, message)
		return ed25519.Verify(t.key[1:], []byte(signed), signature[8:])
	}
	var public mldsa44.PublicKey
	check(public.UnmarshalBinary(t.key[1:]))
	seen := parse(string(message))
	var signed bytes.Buffer
	signed.WriteString("subtree/v1\n\x00")
	counted(&signed, t.name)
	check(binary.Write(&signed, binary.BigEndian, at))
	counted(&signed, seen.origin)
	check(binary.Write(&signed, binary.BigEndian, []uint64{0, uint64(seen.size)}))
	signed.Write(seen.root[:])
	return t.key[0] == mlDSA44 && mldsa44.Verify(&public, signed.Bytes(), nil, signature[8:])
}

func counted(to *bytes.Buffer, text string) {
	to.WriteByte(byte(len(text)))
	to.WriteString(text)
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Println("does not hold:", why)
	os.Exit(1)
}
