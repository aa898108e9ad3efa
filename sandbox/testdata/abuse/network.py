# Arguments: a port that listens on the host's loopback, an abstract and a named
# unix socket of the host's.
import socket, sys
port, abstract, named = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def door(what, do):
    try:
        do()
        print("OPEN", what)
    except OSError:
        pass
def connect(family, kind, to):
    s = socket.socket(family, kind)
    s.settimeout(1)
    s.connect(to)
    s.send(b"x")
door("tcp", lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port)))
door("udp", lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", port)))
door("tcp6", lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("::1", port)))
door("dns", lambda: socket.getaddrinfo("example.com", 80))
door("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
door("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
door("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
door("vsock", lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM))
door("kernel crypto", lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET))
door("abstract", lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract))
door("named", lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, named))
