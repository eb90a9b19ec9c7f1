"""Requests that break the rules of HTTP, by what is wrong with them."""

CHUNKS = "POST /body HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n"

MALFORMED = {
    "length and encoding": f"{CHUNKS}Content-Length: 5\r\n\r\n0\r\n\r\n",
    "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": "GET / HTTP/1.1\r\n\r\n",
    "two lengths": "POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a negative length": "POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: -5\r\n\r\nhello",
    "a length that is none": "POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 5x\r\n\r\nhello",
    "a length with a sign": "POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: +5\r\n\r\nhello",
    "two lengths in one": "POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 5, 6\r\n\r\nhello",
    "a length of more digits than any": f"POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: {'9' * 30}\r\n\r\nhello",
    "a chunk with a sign": f"{CHUNKS}\r\n+5\r\nhello\r\n0\r\n\r\n",
    "chunks of bare lines": f"{CHUNKS}\r\n5\nhello\n0\n\n",
    "a bad chunk": f"{CHUNKS}\r\nxyz\r\nhello\r\n0\r\n\r\n",
    "a chunk without an end": f"{CHUNKS}\r\n5\r\nhello!\r\n0\r\n\r\n",
    "a target without a slash": "GET nothing HTTP/1.1\r\nHost: t\r\n\r\n",
    "a target with a space": "GET /a b HTTP/1.1\r\nHost: t\r\n\r\n",
    "a bad escape": "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
    "a control character": "GET /\x01\x1b[31m HTTP/1.1\r\nHost: t\r\n\r\n",
    "a space before the colon": "GET / HTTP/1.1\r\nHost: t\r\nName : value\r\n\r\n",
    "a space in a name": "GET / HTTP/1.1\r\nHost: t\r\nA name: value\r\n\r\n",
    "a header without a name": "GET / HTTP/1.1\r\nHost: t\r\n: value\r\n\r\n",
    "a carriage return in a header": "GET / HTTP/1.1\r\nHost: t\r\nName: a\rb\r\n\r\n",
    "a control character in a header": "GET / HTTP/1.1\r\nHost: t\r\nName: a\x01b\r\n\r\n",
    "a host with a space": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a host with a path": "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a header without a colon": "GET / HTTP/1.1\r\nHost: t\r\nnonsense\r\n\r\n",
    "a NUL in a header": "GET / HTTP/1.1\r\nHost: t\r\nName: a\x00b\r\n\r\n",
    "no version": "GET /\r\nHost: t\r\n\r\n",
    "no HTTP": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}
