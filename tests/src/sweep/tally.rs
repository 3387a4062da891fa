//! What came of the cells of a sweep: how often what, and which came out otherwise than they must.

use std::collections::BTreeMap;

use super::Outcome;

/// The cells of a sweep so far.
#[derive(Debug, Default)]
pub struct Tally {
    counts: BTreeMap<String, BTreeMap<Outcome, usize>>,
    wrong: Vec<String>,
}

impl Tally {
    /// A cell in this row came out as it must.
    pub fn right(&mut self, row: impl ToString, outcome: Outcome) {
        *self.counts.entry(row.to_string()).or_default().entry(outcome).or_default() += 1;
    }

    /// A cell came out otherwise.
    pub fn wrong(&mut self, cell: impl ToString) {
        self.wrong.push(cell.to_string());
    }

    /// Which cells came out otherwise than they must.
    pub fn disagreements(&self) -> &[String] {
        &self.wrong
    }

    /// A row for each way, a column for each outcome, and how many cells there are in all.
    pub fn table(&self) -> String {
        let count = |row: &BTreeMap<Outcome, usize>, outcome| row.get(outcome).copied().unwrap_or_default();
        let mut lines = vec![format!("{:<24}{:>8}{:>8}{:>8}", "", "before", "after", "stuck")];
        let mut sums = [0; Outcome::ALL.len()];
        for (name, row) in &self.counts {
            let cells = Outcome::ALL.each_ref().map(|outcome| count(row, outcome));
            sums.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell);
            lines.push(line(name, cells));
        }
        lines.push(line("all", sums));
        lines.push(format!("{} cells", sums.iter().sum::<usize>()));
        lines.join("\n")
    }
}

fn line(name: &str, cells: [usize; Outcome::ALL.len()]) -> String {
    let cells = cells.map(|cell| format!("{cell:>8}")).concat();
    format!("{name:<24}{cells}")
}
