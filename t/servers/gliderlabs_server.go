// SPDX-License-Identifier: PostgreSQL
//
// A jump box on gliderlabs/ssh (golang.org/x/crypto/ssh).  Arguments: port on
// 127.0.0.1, directory of the host keys, file of authorized keys, password of
// every user, "permit" or "deny".  Keys are exchanged anew after each megabyte.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"
)

func authorized(file string) []ssh.PublicKey {
	var found []ssh.PublicKey

	rest, err := os.ReadFile(file)
	for err == nil && len(rest) > 0 {
		var key ssh.PublicKey
		key, _, _, rest, err = ssh.ParseAuthorizedKey(rest)
		if err == nil {
			found = append(found, key)
		}
	}
	return found
}

// A host key that tells of each exchange of keys, for which it signs once.
type hostKey struct {
	gossh.AlgorithmSigner
}

func (key hostKey) Sign(rand io.Reader, data []byte) (*gossh.Signature, error) {
	fmt.Println("keys exchanged")
	return key.AlgorithmSigner.Sign(rand, data)
}

func (key hostKey) SignWithAlgorithm(rand io.Reader, data []byte,
	algorithm string) (*gossh.Signature, error) {
	fmt.Println("keys exchanged")
	return key.AlgorithmSigner.SignWithAlgorithm(rand, data, algorithm)
}

func loaded(file string) ssh.Signer {
	pem, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	key, err := gossh.ParsePrivateKey(pem)
	if err != nil {
		log.Fatal(err)
	}
	return hostKey{key.(gossh.AlgorithmSigner)}
}

func main() {
	port, hostKeys, keys := os.Args[1], os.Args[2], authorized(os.Args[3])
	password, policy := os.Args[4], os.Args[5]
	server := &ssh.Server{
		PublicKeyHandler: func(_ ssh.Context, key ssh.PublicKey) bool {
			for _, known := range keys {
				if ssh.KeysEqual(known, key) {
					return true
				}
			}
			return false
		},
		PasswordHandler: func(_ ssh.Context, said string) bool {
			return said == password
		},
		LocalPortForwardingCallback: func(ssh.Context, string, uint32) bool {
			return policy == "permit"
		},
		ServerConfigCallback: func(ssh.Context) *gossh.ServerConfig {
			return &gossh.ServerConfig{Config: gossh.Config{RekeyThreshold: 1 << 20}}
		},
		ChannelHandlers: map[string]ssh.ChannelHandler{
			"direct-tcpip": ssh.DirectTCPIPHandler,
		},
	}
	files, _ := filepath.Glob(hostKeys + "/*_key")
	for _, file := range files {
		server.AddHostKey(loaded(file))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening")
	log.Fatal(server.Serve(listener))
}
