//! A Kubernetes API in this process and a real OpenBao beside it
