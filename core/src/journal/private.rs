//! Directories and files that are their owner's alone.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// Makes a directory, mode 0700, and those above it that are missing; an entry that is not on disk can take what lies below
/// it along when the power goes, so that these are synced too.
pub(super) fn create(directory: &Path) -> io::Result<()> {
    let entries = entries(directory, Path::is_dir);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    entries.into_iter().try_for_each(|above| File::open(above)?.sync_all())
}

/// To open a file that is its owner's alone, mode 0600, where it has to be made.
pub(super) fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Where the entry of this directory lies, and of each above it that has to be made.
fn entries(directory: &Path, is_there: impl Fn(&Path) -> bool) -> Vec<&Path> {
    let mut entries = Vec::new();
    for above in directory.ancestors().skip(1) {
        // The last one above a relative path has no name.
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        entries.push(above);
        if is_there(above) {
            break;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(directory: &str, there: &[&str]) -> Vec<String> {
        let entries = entries(Path::new(directory), |path| there.iter().any(|there| path == Path::new(there)));
        entries.into_iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn every_directory_that_gets_an_entry_is_synced() {
        assert_eq!(
            of("/home/me/.local/state/trustpath", &["/home/me", "/home", "/"]),
            ["/home/me/.local/state", "/home/me/.local", "/home/me"]
        );
        assert_eq!(of("/var/lib/trustpath", &["/var/lib", "/var", "/"]), ["/var/lib"]);
        assert_eq!(of("/", &[]), [""; 0]);
    }

    #[test]
    fn a_relative_one_lies_where_the_program_runs() {
        assert_eq!(of("state", &["."]), ["."]);
        assert_eq!(of("ci/state", &["."]), ["ci", "."]);
    }

    #[test]
    fn it_is_made_with_those_above_it_and_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("a/b/c");
        create(&directory).unwrap();
        create(&directory).unwrap();
        #[cfg(unix)]
        for made in [&directory, directory.parent().unwrap()] {
            let mode = std::os::unix::fs::PermissionsExt::mode(&made.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o700, "{}", made.display());
        }
    }
}
