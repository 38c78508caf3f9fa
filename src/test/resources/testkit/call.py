"""A unary gRPC call with raw bytes, by the C core that GitLab's Ruby client is built on as well.

usage: call.py TARGET CA_FILE|- identity|gzip METHOD REQUEST_HEX [METADATA_KEY VALUE]...
prints "OK <response in hex>" or "<code> <details>"
"""
import sys

import grpc

target, ca_file, compression, method, request = sys.argv[1:6]
rest = sys.argv[6:]
metadata = tuple(zip(rest[0::2], rest[1::2]))
options = {"gzip": grpc.Compression.Gzip, "identity": grpc.Compression.NoCompression}

if ca_file == "-":
    channel = grpc.insecure_channel(target)
else:
    with open(ca_file, "rb") as ca:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(ca.read()))
with channel:
    try:
        call = channel.unary_unary(method)
        answer = call(bytes.fromhex(request), timeout=5, metadata=metadata, compression=options[compression])
        print("OK", answer.hex())
    except grpc.RpcError as error:
        print(error.code().name, error.details())
