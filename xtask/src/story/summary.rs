//! A step in a few lines: what happened, what was decided and why, the subjects of messages, and failures in full.

use crate::screen::{Line, Paint, cut, labelled_as, paint, room, write};

/// Decisions of one step that are shown; the file has all of them.
const DECISIONS: usize = 3;

/// What a step was about, collected while it happens.
#[derive(Debug, Default)]
pub struct Summary {
    happened: Vec<Counted>,
    decisions: Vec<Counted>,
    subjects: Vec<Counted>,
    failures: Vec<(&'static str, String)>,
}

/// A text, and how often it came.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    /// Texts are the same when their keys are.
    key: String,
    text: String,
    times: usize,
}

impl Summary {
    /// A push, a request, an alarm, the passing of time.
    pub fn happened(&mut self, text: &str) {
        count(&mut self.happened, text, text.to_owned());
    }

    /// A decision that changes or announces something, the label of its reason, and the reason in a sentence.
    pub fn decided(&mut self, what: &str, reason: &str, why: &str) {
        count(&mut self.decisions, &format!("{what} ({reason})"), format!("{what}: {why}"));
    }

    /// The subject of a message.
    pub fn announced(&mut self, subject: &str) {
        // The system at its end is the same in all of them.
        let subject = subject.rsplit_once(" [").map_or(subject, |(subject, _)| subject);
        count(&mut self.subjects, subject, subject.to_owned());
    }

    /// What failed, or was not as expected.
    pub fn failed(&mut self, label: &'static str, text: &str) {
        self.failures.push((label, text.to_owned()));
    }

    /// Shows it below its title.
    pub fn show(&self, number: usize, title: &str, ended: &str) {
        write(Line::Summary, &format!("{number:>3} {}  {}", paint(Paint::Bold, title), paint(Paint::Dim, ended)));
        let happened: Vec<String> = self.happened.iter().map(Counted::shown).collect();
        if !happened.is_empty() {
            labelled_as(Line::Summary, "happened", Paint::Cyan, &cut(&happened.join("; "), room()));
        }
        for decision in self.decisions.iter().take(DECISIONS) {
            labelled_as(Line::Summary, "decided", Paint::Green, &cut(&decision.shown(), room()));
        }
        if let Some(more) = self.decisions.len().checked_sub(DECISIONS).filter(|more| *more > 0) {
            labelled_as(Line::Summary, "", Paint::Dim, &format!("and {more} more"));
        }
        for subject in &self.subjects {
            labelled_as(Line::Summary, "message", Paint::Bold, &subject.shown());
        }
        for (label, text) in &self.failures {
            labelled_as(Line::Summary, label, Paint::Red, text);
        }
    }
}

impl Counted {
    fn shown(&self) -> String {
        match self.times {
            1 => self.text.clone(),
            times => format!("{times} times {}", self.text),
        }
    }
}

fn count(list: &mut Vec<Counted>, key: &str, text: String) {
    match list.iter_mut().find(|counted| counted.key == key) {
        Some(counted) => counted.times += 1,
        None => list.push(Counted { key: key.to_owned(), text, times: 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_comes_again() {
        let mut summary = Summary::default();
        summary.decided("website-agent: roll", "newer_image", "v2 is newer");
        summary.decided("website-agent: roll", "newer_image", "v3 is newer");
        summary.decided("website-agent: roll", "drift", "a stack update set another image");
        let shown: Vec<String> = summary.decisions.iter().map(Counted::shown).collect();
        let expected =
            ["2 times website-agent: roll: v2 is newer", "website-agent: roll: a stack update set another image"];
        assert_eq!(shown, expected);
    }
}
