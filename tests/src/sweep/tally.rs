//! What came of the cells of a sweep: how often what, and which came out otherwise than they must.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::Outcome;

/// Some of the cells of a sweep: several processes share one that takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which of the parts, from 1.
    number: u64,
    /// How many there are.
    of: u64,
}

impl Part {
    /// All cells.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// A part by its name, such as `2/3`; `None` where there is no such part.
    pub fn named(name: &str) -> Option<Self> {
        let (number, of) = name.split_once('/')?;
        let (number, of) = (number.parse().ok()?, of.parse().ok()?);
        (1..=of).contains(&number).then_some(Self { number, of })
    }
}

/// The cells of a sweep so far.
#[derive(Debug)]
pub struct Tally {
    part: Part,
    counts: BTreeMap<String, BTreeMap<Outcome, usize>>,
    wrong: Vec<String>,
}

impl Tally {
    /// Of a part of the cells, none of which was run yet.
    pub fn of(part: Part) -> Self {
        Self { part, counts: BTreeMap::new(), wrong: Vec::new() }
    }

    /// Whether this cell is to be run here. Its name alone tells: what happens at the same time has no order.
    pub fn is_ours(&self, cell: impl ToString) -> bool {
        let mut hasher = DefaultHasher::new();
        cell.to_string().hash(&mut hasher);
        hasher.finish() % self.part.of == self.part.number - 1
    }

    /// Whether all cells are run here.
    pub fn is_whole(&self) -> bool {
        self.part == Part::WHOLE
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_is_in_one_part() {
        let parts = ["1/3", "2/3", "3/3"].map(|name| Tally::of(Part::named(name).unwrap()));
        for cell in 0..20 {
            assert_eq!(parts.iter().filter(|part| part.is_ours(cell)).count(), 1);
        }
        let whole = Tally::of(Part::WHOLE);
        assert!(whole.is_whole() && (0..5).all(|cell| whole.is_ours(cell)));
    }

    #[test]
    fn a_part_that_is_not_there_is_none() {
        for name in ["0/3", "4/3", "1/0", "1", "a/b", "/"] {
            assert_eq!(Part::named(name), None, "{name}");
        }
    }
}
