//! A fixed number of cases of every target: nothing panics, everything ends, and no target shows nothing.

use fuzz::run::Course;
use fuzz::session::Session;

/// Where chance begins; `cargo xtask fuzz` begins elsewhere each time.
const SEED: u64 = 20_261_121;

/// Stories that are short and have much in them: without optimisation, a story of hours takes as long as all cases.
const STORIES: [&str; 4] = ["a_crashing_image", "a_stack_update", "errors_after_a_push", "two_requests"];

#[test]
fn broken_input_is_refused_by_name_and_breaks_nothing() {
    let mut session = Session::new(SEED, "", &STORIES);
    session.cases(2);
    println!("seed {SEED}, {} recorded invocations", session.recording.invocations.len());
    for course in &session.courses {
        println!("{}\n{}", course.line(), course.outcomes(4));
    }
    let findings: Vec<String> = session.courses.iter().flat_map(Course::findings).map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n\n"));
    let idle: Vec<String> = session.courses.iter().filter_map(Course::idle).collect();
    assert!(idle.is_empty(), "a target that shows nothing:\n{}", idle.join("\n"));
}
