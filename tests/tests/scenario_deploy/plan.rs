//! `--plan`.

use super::history::history;

#[test]
fn a_plan_of_what_is_not_there_leaves_nothing_behind() {
    let (_, seen) = &history().empty_plan;
    assert!(seen.stacks.is_empty(), "{:?}", seen.stacks);
    assert!(seen.services.is_empty() && seen.data.is_empty() && seen.others.is_empty(), "{seen:?}");
}

#[test]
fn the_command_line_says_what_it_would_create_in_plain_text() {
    let (output, _) = &history().empty_plan;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for expected in [
        "create  WebAcl ",
        "create  BaseStack ",
        "create  SystemStack ",
        "create  FunctionsStack ",
        "nothing was changed",
    ] {
        assert!(said.contains(expected), "{expected:?} is not in:\n{said}");
    }
    assert!(!said.contains('\x1b'), "{said}");
}

#[test]
fn a_plan_of_an_update_changes_nothing() {
    let history = history();
    assert_eq!(history.planned, history.running);
}
