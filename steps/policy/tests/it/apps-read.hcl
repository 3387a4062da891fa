# What applications may read.
path "kv/data/apps/*" {
  capabilities = ["read"]
}
