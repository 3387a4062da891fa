//! What a user sees, as snapshots: the parts that differ from run to run are named instead.

use trustpath_tests::{
    pair::Pair,
    program::{Program, Ran, standard_file},
};

/// What a line begins with that tells of progress, or of what one family of servers warns of and another does not.
const ASIDE: [&str; 6] = ["…", "✓", "✗", "↩", "warning: Vault says:", "warning: Kubernetes says:"];

/// Holds what a failed run said against its snapshot, which all pairs share.
pub(crate) fn same(name: &str, pair: &Pair, program: &Program, ran: &Ran) {
    // Steps run side by side: the order of their progress differs from run to run.
    let said = ran.stderr.lines().filter(|line| !ASIDE.iter().any(|sign| line.starts_with(sign)));
    compare(name, pair, program, format!("exit code {}\n\n{}\n", ran.code, said.collect::<Vec<_>>().join("\n")));
}

/// The same of what a run printed.
pub(crate) fn printed(name: &str, pair: &Pair, program: &Program, ran: &Ran) {
    compare(name, pair, program, ran.stdout.clone());
}

fn compare(name: &str, pair: &Pair, program: &Program, mut screen: String) {
    let mut filters = vec![
        (program.home().display().to_string(), "[HOME]"),
        (standard_file().display().to_string(), "plugins.toml"),
        (pair.overlay_file().display().to_string(), "overlay.toml"),
        (pair.vault_proxy.address().to_string(), "[VAULT]"),
        (pair.kubernetes_proxy.address().to_string(), "[KUBERNETES]"),
    ];
    filters.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    for (text, named) in filters {
        screen = screen.replace(&text, named);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]");
    settings.add_filter(r"\d{8}-\d{6}(-\d+)?", "[RUN]");
    settings.add_filter(r"[0-9a-f]{8}([-\s│]+[0-9a-f]{4}){3}[-\s│]+[0-9a-f]{12}", "[ID]");
    // Of requests that are sent side by side, any can be the first to fail.
    settings.add_filter(r"(?s)\(GET [^)]*\)", "(GET …)");
    settings.add_filter(r"(?s)-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----(\\n)?", "[PEM]");
    settings.add_filter(r"sha256:[0-9a-f]+", "sha256:[DIGEST]");
    // The kinds are named by the registry.
    settings.add_filter(r"known: cluster-secret-store,[a-z,\s-]*\n\n", "known: [KINDS]\n\n");
    settings.add_filter(r"[ \t]+\n", "\n");
    settings.bind(|| insta::assert_snapshot!(name, screen));
}
