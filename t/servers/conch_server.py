# SPDX-License-Identifier: PostgreSQL
#
# Twisted's conch as a jump box, which confirms a forward before it connects.
# Arguments: port on 127.0.0.1, directory of the host keys, file of authorized
# keys, password of every user, "permit" or "deny".  Keys are exchanged anew
# after each megabyte sent.
import glob
import sys

from twisted.conch import avatar, checkers
from twisted.conch.ssh import connection, factory, forwarding, keys, transport
from twisted.cred import credentials, error, portal
from twisted.internet import defer, reactor
from zope.interface import implementer

PORT, HOST_KEYS, AUTHORIZED, PASSWORD, POLICY = sys.argv[1:]


@implementer(portal.IRealm)
class Realm:
    def requestAvatar(self, name, mind, *interfaces):
        user = avatar.ConchUser()
        if POLICY == "permit":
            user.channelLookup[b"direct-tcpip"] = forwarding.openConnectForwardingClient
        return interfaces[0], user, lambda: None


@implementer(checkers.ICredentialsChecker)
class Password:
    credentialInterfaces = (credentials.IUsernamePassword,)

    def requestAvatarId(self, given):
        if given.password == PASSWORD.encode():
            return defer.succeed(given.username)
        return defer.fail(error.UnauthorizedLogin())


@implementer(checkers.IAuthorizedKeysDB)
class Keys:
    def getAuthorizedKeys(self, username):
        with open(AUTHORIZED, "rb") as lines:
            return [keys.Key.fromString(line) for line in lines]


class Transport(transport.SSHServerTransport):
    sent = 0

    def sendPacket(self, kind, payload):
        super().sendPacket(kind, payload)
        if kind == connection.MSG_CHANNEL_DATA:
            self.sent += len(payload)
        if self.sent >= 1 << 20:
            self.sent = 0
            self.sendKexInit()

    def ssh_NEWKEYS(self, packet):
        super().ssh_NEWKEYS(packet)
        print("keys exchanged", flush=True)


class Factory(factory.SSHFactory):
    protocol = Transport

    def getPrivateKeys(self):
        found = [keys.Key.fromFile(file) for file in glob.glob(HOST_KEYS + "/*_key")]
        return {key.sshType(): key for key in found}

    def getPublicKeys(self):
        return {kind: key.public() for kind, key in self.getPrivateKeys().items()}

    def getPrimes(self):
        return None


factory_ = Factory()
factory_.portal = portal.Portal(
    Realm(), [Password(), checkers.SSHPublicKeyChecker(Keys())]
)
reactor.listenTCP(int(PORT), factory_, interface="127.0.0.1")
print("listening", flush=True)
reactor.run()
