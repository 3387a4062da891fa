//! A copy of the checkout that can be broken.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use miette::{Context, IntoDiagnostic, Result, miette};
use trustpath_provision::workspace;

use super::list::Mutant;

/// The copy, which is the same as the checkout unless a mutant is in it.
pub(super) struct Tree {
    root: PathBuf,
}

/// A mutant that is in the tree; it goes when this is dropped.
pub(super) struct Broken {
    path: PathBuf,
    text: String,
}

impl Tree {
    /// Brings the copy up to date. A file that is the same stays untouched, so that cargo sees no change in it.
    pub(super) fn copy() -> Result<Self> {
        let root = workspace::target().join("mutants/tree");
        fs::create_dir_all(&root).into_diagnostic()?;
        let root = root.canonicalize().into_diagnostic()?;
        let files = files()?;
        for file in &files {
            bring(&workspace::root().join(file), &root.join(file)).into_diagnostic().with_context(|| file.clone())?;
        }
        remove_others(&root, &root, &files).into_diagnostic()?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Its compiled programs.
    pub(super) fn target(&self) -> PathBuf {
        self.root.with_file_name("target")
    }

    /// Puts a mutant in, unless its text is not there exactly once.
    pub(super) fn edit(&self, mutant: &Mutant) -> Result<Option<Broken>> {
        let path = self.root.join(&mutant.file);
        let text = fs::read_to_string(&path).into_diagnostic().with_context(|| mutant.file.clone())?;
        if text.matches(&mutant.old).count() != 1 || mutant.old == mutant.new {
            return Ok(None);
        }
        fs::write(&path, text.replace(&mutant.old, &mutant.new)).into_diagnostic()?;
        Ok(Some(Broken { path, text }))
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        // The next copy puts it right where this cannot.
        drop(fs::write(&self.path, &self.text));
    }
}

/// Every file of the checkout that is, or could be, under version control.
fn files() -> Result<BTreeSet<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(workspace::root());
    let listed = git.output().into_diagnostic().context("git is needed to copy the checkout")?;
    if !listed.status.success() {
        return Err(miette!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr)));
    }
    let listed = String::from_utf8(listed.stdout).into_diagnostic()?;
    let there = |file: &&str| workspace::root().join(file).is_file();
    Ok(listed.split_terminator('\0').filter(there).map(str::to_owned).collect())
}

fn bring(from: &Path, to: &Path) -> io::Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(to, bytes)
}

fn remove_others(root: &Path, directory: &Path, files: &BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if path.is_dir() {
            remove_others(root, &path, files)?;
        } else if !files.contains(&name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
