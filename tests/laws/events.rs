//! What is written into the journal can be asked for as an event.

use std::collections::BTreeSet;

use touchbase::features::events::event::Subject;
use touchbase::features::events::verbs;

use crate::source::{none, sources};

#[test]
fn every_verb_that_a_room_writes_is_one_of_the_types_of_events() {
    let known: BTreeSet<&str> = Subject::ALL.iter().flat_map(|subject| verbs::all(*subject)).collect();
    let mut wrong = Vec::new();
    for source in sources("src") {
        let code: String = source.code.split_whitespace().collect();
        for rest in code.split(".change(\"").skip(1) {
            let verb = rest.split('"').next().unwrap();
            if !known.contains(verb) {
                wrong.push(format!("{}: {verb}", source.path));
            }
        }
    }
    none("verbs that features/events/verbs.rs does not know", &wrong);
}
