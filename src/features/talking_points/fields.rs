//! The personal fields: everything that talking points can speak of.

use serde::Serialize;

/// Entries of a list at most.
pub const MOST: usize = 10;
/// Characters of a text at most.
pub const LONGEST: usize = 1000;

/// What a field is.
#[derive(Debug)]
pub enum Shape {
    Text,
    Number,
    /// Yes or no.
    Flag,
    List(&'static Shape),
    Record(&'static [(&'static str, Shape)]),
}

pub static TEXT: Shape = Shape::Text;
pub static NUMBER: Shape = Shape::Number;
pub static FLAG: Shape = Shape::Flag;

static NEWS: Shape = Shape::Record(&[
    ("title", Shape::Text),
    ("detail", Shape::Text),
    ("when", Shape::Text),
    ("source", Shape::Text),
]);
static ISSUE: Shape = Shape::Record(&[("title", Shape::Text), ("detail", Shape::Text), ("since", Shape::Text)]);
static PROMISE: Shape = Shape::Record(&[("what", Shape::Text), ("by", Shape::Text), ("overdue", Shape::Flag)]);
static ITEM: Shape = Shape::Record(&[("title", Shape::Text), ("owner", Shape::Text), ("due", Shape::Text)]);

/// All of them. Each is always there: what is not known is an empty text, or an empty list.
pub static FIELDS: &[(&str, Shape)] = &[
    ("organization", Shape::Text),
    ("program", Shape::Text),
    (
        "executive",
        Shape::Record(&[("name", Shape::Text), ("title", Shape::Text)]),
    ),
    (
        "customer",
        Shape::Record(&[
            ("name", Shape::Text),
            ("industry", Shape::Text),
            ("city", Shape::Text),
            ("country", Shape::Text),
            ("billing", Shape::Text),
            ("since", Shape::Text),
        ]),
    ),
    (
        "contact",
        Shape::Record(&[
            ("name", Shape::Text),
            ("first_name", Shape::Text),
            ("title", Shape::Text),
        ]),
    ),
    ("account_manager", Shape::Text),
    ("tenure", Shape::Text),
    ("anniversary", Shape::Text),
    ("services", Shape::List(&TEXT)),
    ("good_news", Shape::List(&NEWS)),
    ("open_issues", Shape::List(&ISSUE)),
    ("promises", Shape::List(&PROMISE)),
    ("action_items", Shape::List(&ITEM)),
    (
        "last_call",
        Shape::Record(&[
            ("when", Shape::Text),
            ("by", Shape::Text),
            ("with", Shape::Text),
            ("outcome", Shape::Text),
            ("summary", Shape::Text),
        ]),
    ),
    (
        "last_nps",
        Shape::Record(&[
            ("score", Shape::Text),
            ("category", Shape::Text),
            ("when", Shape::Text),
            ("comment", Shape::Text),
        ]),
    ),
    ("ask_recommendation", Shape::Flag),
    ("recommendation_question", Shape::Text),
    ("score_question", Shape::Text),
    ("promoter_question", Shape::Text),
    ("detractor_question", Shape::Text),
    ("open_questions", Shape::List(&TEXT)),
    ("probes", Shape::List(&TEXT)),
];

/// What `loop` has within a `for`.
pub static LOOP: Shape = Shape::Record(&[("index", Shape::Number), ("first", Shape::Flag), ("last", Shape::Flag)]);

/// Their values for one call.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the document describes them")]
pub struct Fields {
    pub organization: String,
    pub program: String,
    pub executive: Executive,
    pub customer: Customer,
    pub contact: Contact,
    pub account_manager: String,
    pub tenure: String,
    pub anniversary: String,
    pub services: Vec<String>,
    pub good_news: Vec<News>,
    pub open_issues: Vec<Issue>,
    pub promises: Vec<Promise>,
    pub action_items: Vec<Item>,
    pub last_call: Call,
    pub last_nps: Nps,
    pub ask_recommendation: bool,
    pub recommendation_question: String,
    pub score_question: String,
    pub promoter_question: String,
    pub detractor_question: String,
    pub open_questions: Vec<String>,
    pub probes: Vec<String>,
}

macro_rules! records {
    ($($(#[$doc:meta])+ $name:ident { $($field:ident: $kind:ty),+ $(,)? })+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        #[expect(missing_docs, reason = "the document describes them")]
        pub struct $name { $(pub $field: $kind,)+ }
    )+};
}

records! {
    /// Who places the call.
    Executive { name: String, title: String }
    /// Who is called.
    Customer { name: String, industry: String, city: String, country: String, billing: String, since: String }
    /// Whom to ask for.
    Contact { name: String, first_name: String, title: String }
    /// Something worth congratulating on.
    News { title: String, detail: String, when: String, source: String }
    /// A support case that is open.
    Issue { title: String, detail: String, since: String }
    /// What the customer was promised and has not been told.
    Promise { what: String, by: String, overdue: bool }
    /// What is still to be done for the customer.
    Item { title: String, owner: String, due: String }
    /// The call before.
    Call { when: String, by: String, with: String, outcome: String, summary: String }
    /// The answer before.
    Nps { score: String, category: String, when: String, comment: String }
}

/// The values that are as large as values can be: what no template may choke on.
pub fn fullest() -> serde_json::Value {
    fn value(shape: &Shape) -> serde_json::Value {
        match shape {
            Shape::Text => "W".repeat(LONGEST).into(),
            Shape::Number => i64::MAX.into(),
            Shape::Flag => true.into(),
            Shape::List(of) => (0..MOST).map(|_| value(of)).collect(),
            Shape::Record(fields) => record(fields),
        }
    }
    fn record(fields: &[(&str, Shape)]) -> serde_json::Value {
        let fields = fields.iter().map(|(name, shape)| ((*name).to_owned(), value(shape)));
        serde_json::Value::Object(fields.collect())
    }
    record(FIELDS)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn fits(path: &str, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Text, Value::String(_)) | (Shape::Number, Value::Number(_)) | (Shape::Flag, Value::Bool(_)) => {}
            (Shape::List(of), Value::Array(items)) => items.iter().for_each(|item| fits(path, of, item)),
            (Shape::Record(fields), Value::Object(values)) => {
                let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                let there: Vec<&String> = values.keys().collect();
                assert_eq!(names, there, "{path}");
                for (name, shape) in *fields {
                    fits(&format!("{path}.{name}"), shape, &values[*name]);
                }
            }
            (Shape::Text | Shape::Number | Shape::Flag | Shape::List(_) | Shape::Record(_), _) => {
                panic!("{path} is {value}")
            }
        }
    }

    #[test]
    fn the_values_have_the_shape_that_templates_are_checked_against() {
        let fields = Fields {
            good_news: vec![News::default()],
            open_issues: vec![Issue::default()],
            promises: vec![Promise::default()],
            action_items: vec![Item::default()],
            services: vec![String::new()],
            ..Fields::default()
        };
        let all = Shape::Record(FIELDS);
        fits("", &all, &serde_json::to_value(fields).unwrap());
        fits("", &all, &fullest());
    }
}
