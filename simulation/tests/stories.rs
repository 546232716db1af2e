//! Every story comes to what its file says. `UPDATE_STORIES=1 cargo test -p simulation --test stories` writes what came of them.

// A story that cannot be played fails the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::rc::Rc;

use simulation::account::Account;
use simulation::story::play;

#[test]
fn every_story_comes_to_what_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    let account = Rc::new(Account::huskit(&[("FirstDeploy", "false")]));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "stories are missing");
    // The test chooses by its environment whether it writes.
    #[allow(clippy::disallowed_methods)]
    let update = std::env::var_os("UPDATE_STORIES").is_some();
    let mut wrong = Vec::new();
    for file in files {
        let written = std::fs::read_to_string(&file).unwrap();
        let told = play(&account, &written).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if told == written {
            continue;
        }
        if update {
            std::fs::write(&file, &told).unwrap();
            continue;
        }
        let differs = told.lines().zip(written.lines()).find(|(told, written)| told != written);
        wrong.push(format!("{}: {differs:?}", file.file_name().unwrap().display()));
    }
    assert!(wrong.is_empty(), "UPDATE_STORIES=1 writes what came of them:\n{}", wrong.join("\n"));
}

#[test]
fn the_same_seed_is_the_same_run() {
    let text = "> begin 2026-11-16T09:00:00Z terrible seed 7\n> push website-agent crashes\n> pass 3h\n> show\n";
    let account = Rc::new(Account::huskit(&[("FirstDeploy", "false")]));
    assert_eq!(play(&account, text).unwrap(), play(&account, text).unwrap());
}
