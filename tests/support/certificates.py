"""A certificate for this machine that nobody has signed."""

import ssl
from pathlib import Path

PEM = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEYr5EvJCmh9uzCpa
X2wN/aDtWpPN/yzl/TiKcFvomWmhRANCAATTo9c+biYcrvG/9ZstO1yBrp5n3fCZ
uwbgqQc2gobdfvXRZPeFgMyiVln34E2GhohucJ134OaKSAdY/+99bqEp
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUGm+92kZi8fCKnSg8huZmRD2LiR0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTAwMTIwNloYDzIxMjYxMTA1
MDAxMjA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATTo9c+biYcrvG/9ZstO1yBrp5n3fCZuwbgqQc2gobdfvXRZPeFgMyi
Vln34E2GhohucJ134OaKSAdY/+99bqEpo28wbTAdBgNVHQ4EFgQUBmOLMqII8+a8
Zm3skAwa3hJykbMwHwYDVR0jBBgwFoAUBmOLMqII8+a8Zm3skAwa3hJykbMwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAKjcpOam83LaXQP/kp/JZT9yI3L1scKNBS71Qwxds/RKAiEA
jaf+MMmvyo1CvXeuF3y+iM/1lkp4ddYOc+QLpcbawAQ=
-----END CERTIFICATE-----
"""


def server_context(path: Path) -> ssl.SSLContext:
    """Write the certificate to a path, and return what a server needs that shows it."""
    path.write_text(PEM)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context
