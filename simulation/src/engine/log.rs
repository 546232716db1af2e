//! What functions log, as text for the laws: no line of it may have a secret.

use std::cell::RefCell;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use super::heap::left_out;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static TAKES: Dispatch = Dispatch::new(Lines);
}

/// Runs `work` and returns what it logged.
pub fn logged<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let result = TAKES.with(|takes| tracing::dispatcher::with_default(takes, work));
    (result, LINES.take())
}

/// Takes every line of level INFO and above, as the functions do when they are deployed, and decisions that change nothing: the answer to
/// a queue has none.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let decides = || metadata.fields().field("decision").is_some();
        metadata.is_event() && (*metadata.level() <= Level::INFO || decides())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        left_out(|| {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            LINES.with_borrow_mut(|lines| lines.push(line.0));
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a text cannot fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
