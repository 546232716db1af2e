//! What a run has played so far. A long one can be ended and resumed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cover::Coverage;

/// What a run has played.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Played {
    /// The first seed.
    pub first: u64,
    /// Hours in which things happen, each.
    pub hours: i64,
    /// How many seeds were drawn.
    pub drawn: u64,
    /// How many of them were played: all of them, unless only some are wanted.
    pub seeds: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Those that broke a law.
    pub failures: Vec<Failure>,
    /// What was met.
    pub coverage: Coverage,
}

/// A seed that broke a law.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// Which.
    pub seed: u64,
    /// The law.
    pub law: String,
    /// How.
    pub how: String,
}

impl Played {
    /// What the file has of a run from `first`, or the beginning of one.
    ///
    /// # Errors
    /// When the file cannot be read, or has another run.
    pub fn resume(file: &Path, first: Option<u64>, hours: i64) -> Result<Option<Played>, String> {
        if !file.exists() {
            return Ok(None);
        }
        let read = std::fs::read(file).map_err(|error| error.to_string());
        let known: Played = read
            .and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()))
            .map_err(|error| format!("{}: {error}; expected what `--resume` has written", file.display()))?;
        if known.hours != hours || first.is_some_and(|first| first != known.first) {
            let (seed, own) = (known.first, known.hours);
            return Err(format!("{} has the run with --seed {seed} --hours {own}", file.display()));
        }
        Ok(Some(known))
    }

    /// Writes it to the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, file: &Path) -> Result<(), String> {
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        // Whole or not at all.
        let beside = file.with_extension("new");
        let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file));
        written.map_err(|error| format!("{}: {error}", file.display()))
    }

    /// The laws that were broken, and by which seeds.
    pub fn by_law(&self) -> Vec<(String, Vec<u64>)> {
        let mut laws: std::collections::BTreeMap<&str, Vec<u64>> = std::collections::BTreeMap::new();
        for failure in &self.failures {
            laws.entry(&failure.law).or_default().push(failure.seed);
        }
        laws.into_iter().map(|(law, seeds)| (law.to_owned(), seeds)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_resumed_where_it_was_and_not_as_another() {
        let folder = std::env::temp_dir().join(format!("played-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("run.json");
        assert!(Played::resume(&file, Some(7), 10).unwrap().is_none());
        let failure = Failure { seed: 8, law: "one at a time".into(), how: "two".into() };
        let played = Played { first: 7, hours: 10, seeds: 200, failures: vec![failure], ..Played::default() };
        played.keep(&file).unwrap();
        let known = Played::resume(&file, None, 10).unwrap().unwrap();
        assert_eq!((known.seeds, known.by_law()), (200, vec![("one at a time".to_owned(), vec![8])]));
        assert!(Played::resume(&file, Some(9), 10).unwrap_err().ends_with("has the run with --seed 7 --hours 10"));
        std::fs::write(&file, "{").unwrap();
        assert!(Played::resume(&file, None, 10).unwrap_err().contains("expected what `--resume` has written"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
