use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{Error, Result, workspace};

/// The binary `name` as `key` says it has to be: the one that is there, or what `make` makes.
///
/// `make` gets an empty scratch directory and returns where in it the binary lies. A maker that
/// fails, or is killed, leaves nothing that would be taken for a binary later.
pub(super) fn cached(name: &str, key: &str, make: impl FnOnce(&Path) -> Result<PathBuf>) -> Result<PathBuf> {
    cached_in(&workspace::target().join("servers"), name, key, make)
}

fn cached_in(servers: &Path, name: &str, key: &str, make: impl FnOnce(&Path) -> Result<PathBuf>) -> Result<PathBuf> {
    let place = servers.join(format!("{name}-{key}"));
    let binary = place.join(name);
    if binary.exists() {
        return Ok(binary);
    }
    fs::create_dir_all(servers).map_err(Error::file("create", servers))?;
    let _lock = lock(&servers.join(format!("{name}.lock")))?;
    if binary.exists() {
        return Ok(binary);
    }
    // Beside the final place: a rename is atomic only within one file system.
    let scratch = TempDir::with_prefix_in("making-", servers).map_err(Error::file("create a directory in", servers))?;
    let made = make(scratch.path())?;
    fs::create_dir_all(&place).map_err(Error::file("create", &place))?;
    fs::rename(&made, &binary).map_err(Error::file("move the binary to", &binary))?;
    Ok(binary)
}

/// Held until the file is dropped, and let go by the system if this process dies.
fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).map_err(Error::file("create", path))?;
    file.lock().map_err(Error::file("lock", path))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn write(scratch: &Path, text: &str) -> Result<PathBuf> {
        let path = scratch.join("made");
        fs::write(&path, text).map_err(Error::file("write", &path))?;
        Ok(path)
    }

    #[test]
    fn is_made_once_even_when_many_want_it() {
        let servers = TempDir::new().unwrap();
        let made = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    cached_in(servers.path(), "server", "1", |scratch| {
                        made.fetch_add(1, Ordering::SeqCst);
                        write(scratch, "one")
                    })
                    .unwrap()
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn another_key_is_another_binary() {
        let servers = TempDir::new().unwrap();
        let one = cached_in(servers.path(), "server", "1", |scratch| write(scratch, "one")).unwrap();
        let two = cached_in(servers.path(), "server", "2", |scratch| write(scratch, "two")).unwrap();
        assert_eq!(fs::read_to_string(one).unwrap(), "one");
        assert_eq!(fs::read_to_string(two).unwrap(), "two");
    }

    #[test]
    fn a_failed_making_leaves_nothing_behind_and_is_tried_again() {
        let servers = TempDir::new().unwrap();
        let failed = cached_in(servers.path(), "server", "1", |scratch| {
            write(scratch, "half")?;
            Err(Error::Unexpected { what: "maker".into(), why: "it fails".into() })
        });
        assert!(failed.is_err());
        assert!(!servers.path().join("server-1").exists());
        let made = cached_in(servers.path(), "server", "1", |scratch| write(scratch, "whole")).unwrap();
        assert_eq!(fs::read_to_string(made).unwrap(), "whole");
    }
}
