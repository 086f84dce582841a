//! Whether a text can be filled in for whatever customer: told when it is saved, not when somebody is about to call.
//!
//! What is allowed is listed; everything else of the template language is refused, above all what can grow without bounds: `set`,
//! arithmetic on texts, lists of one's own. Each field is looked up in [`super::fields::FIELDS`], also in branches that are seldom taken.

mod expressions;

use minijinja::machinery::ast::{Expr, ForLoop, IfCond, Stmt};
use minijinja::machinery::{Token, parse, tokenize};

use super::fields::{Fields, LOOP, Shape, fullest};
use super::render::{SYNTAX, render};
use expressions::{named, names};

/// Pieces of one tag.
const PIECES: usize = 60;
/// Tags of a text.
const TAGS: usize = 1000;
/// `{% if %}` and `{% for %}` within each other, with every `{% elif %}` counting as one more.
const DEPTH: usize = 30;
/// Parentheses within each other.
const BRACKETS: usize = 10;
/// So many faults are told at once.
const FAULTS: usize = 20;

/// What is wrong with a text, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFault {
    pub line: usize,
    /// A short, stable word.
    pub code: &'static str,
    pub says: String,
}

/// Checks a text whole.
///
/// # Errors
/// With all that is wrong.
pub fn check(text: &str) -> Result<(), Vec<TextFault>> {
    small(text)?;
    let parsed = parse(text, "", SYNTAX.clone()).map_err(|error| vec![syntax(&error)])?;
    let mut checker = Checker::default();
    checker.statement(&parsed);
    if !checker.faults.is_empty() {
        checker.faults.truncate(FAULTS);
        return Err(checker.faults);
    }
    // As much as there can be, and nothing at all.
    let tried = render(text, &fullest()).and_then(|_| render(text, &Fields::default()));
    tried.map(drop).map_err(|why| {
        vec![TextFault {
            line: why.line,
            code: "not_renderable",
            says: why.says,
        }]
    })
}

fn syntax(error: &minijinja::Error) -> TextFault {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    TextFault {
        line: error.line().unwrap_or(1),
        code: "syntax",
        says: format!("{detail}."),
    }
}

/// Refuses what is too large to be parsed safely, before it is parsed: the parser works its way down as deep as a text is nested.
fn small(text: &str) -> Result<(), Vec<TextFault>> {
    let (mut tags, mut pieces, mut nested, mut brackets) = (0_usize, 0_usize, 0_usize, 0_usize);
    // How deep it was outside of what is open.
    let (mut begins, mut outside) = (false, Vec::new());
    for token in tokenize(text, false, SYNTAX.clone()) {
        let (token, span) = token.map_err(|error| vec![syntax(&error)])?;
        pieces += 1;
        match token {
            Token::VariableStart | Token::BlockStart => {
                tags += 1;
                (pieces, brackets) = (0, 0);
            }
            Token::TemplateData(_) => pieces = 0,
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => brackets += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => brackets = brackets.saturating_sub(1),
            Token::Ident("for" | "if") if begins => {
                outside.push(nested);
                nested += 1;
            }
            // An `if` within the `else` of the one before, which ends with it.
            Token::Ident("elif") if begins => nested += 1,
            Token::Ident("endfor" | "endif") if begins => nested = outside.pop().unwrap_or_default(),
            _ => {}
        }
        begins = matches!(token, Token::BlockStart);
        if pieces > PIECES || tags > TAGS || brackets > BRACKETS || nested > DEPTH {
            return Err(vec![TextFault {
                line: span.start_line.into(),
                code: "too_large",
                says: format!(
                    "A text has {TAGS} tags at most, {DEPTH} `if` and `for` within each other (each `elif` is one more), and a tag {PIECES} pieces and {BRACKETS} parentheses within each other. Say it in a simpler way."
                ),
            }]);
        }
    }
    Ok(())
}

#[derive(Default)]
struct Checker<'t> {
    faults: Vec<TextFault>,
    /// The names that loops have made, the innermost last.
    scopes: Vec<(&'t str, &'static Shape)>,
}

/// What an expression is; `None` after a fault, which is told once.
type Is = Option<&'static Shape>;

impl<'t> Checker<'t> {
    fn fault(&mut self, line: u16, code: &'static str, says: impl Into<String>) -> Is {
        self.faults.push(TextFault {
            line: line.into(),
            code,
            says: says.into(),
        });
        None
    }

    fn refuse(&mut self, line: u16, what: &str) {
        self.fault(
            line,
            "not_allowed",
            format!("{what} is no part of talking points: there are personal fields, `if` and `for`."),
        );
    }

    fn all(&mut self, statements: &[Stmt<'t>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'t>) {
        match statement {
            Stmt::Template(template) => self.all(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emitted) => self.emitted(&emitted.expr),
            Stmt::IfCond(condition) => self.condition(condition),
            Stmt::ForLoop(each) => self.each(each, each.span().start_line),
            Stmt::WithBlock(_) => self.refuse(line(statement), "`with`"),
            Stmt::Set(_) | Stmt::SetBlock(_) => self.refuse(line(statement), "`set`"),
            Stmt::AutoEscape(_) => self.refuse(line(statement), "`autoescape`"),
            Stmt::FilterBlock(_) => self.refuse(line(statement), "`filter`"),
            Stmt::Do(_) => self.refuse(line(statement), "`do`"),
        }
    }

    /// What is written out must be a text or a number.
    fn emitted(&mut self, expression: &Expr<'t>) {
        let line = expression.span().start_line;
        let name = named(expression);
        match self.expression(expression) {
            Some(Shape::Text | Shape::Number) | None => {}
            Some(Shape::List(Shape::Text)) => {
                self.fault(
                    line,
                    "wrong_type",
                    format!("`{name}` is a list: write `{{{{ {name} | words }}}}`."),
                );
            }
            Some(Shape::List(_)) => {
                let says = format!("`{name}` is a list: go through it with `{{% for … in {name} %}}`.");
                self.fault(line, "wrong_type", says);
            }
            Some(Shape::Record(fields)) => {
                self.fault(line, "wrong_type", format!("`{name}` has fields: {}.", names(fields)));
            }
            Some(Shape::Flag) => {
                self.fault(
                    line,
                    "wrong_type",
                    format!("`{name}` is yes or no: use it with `{{% if … %}}`."),
                );
            }
        }
    }

    fn condition(&mut self, condition: &IfCond<'t>) {
        self.expression(&condition.expr);
        self.all(&condition.true_body);
        self.all(&condition.false_body);
    }

    fn each(&mut self, each: &ForLoop<'t>, line: u16) {
        let over = self.expression(&each.iter);
        let of = match over {
            Some(Shape::List(of)) => Some(*of),
            None => None,
            Some(Shape::Text | Shape::Number | Shape::Flag | Shape::Record(_)) => {
                self.fault(line, "wrong_type", format!("`{}` is no list.", named(&each.iter)))
            }
        };
        if each.recursive {
            self.refuse(line, "`recursive`");
        }
        let Expr::Var(target) = &each.target else {
            self.refuse(line, "More than one name in a `for`");
            return;
        };
        // What became of the list was told; what is in it cannot be.
        let Some(of) = of else { return };
        self.scopes.push((target.id, of));
        if let Some(filter) = &each.filter_expr {
            self.expression(filter);
        }
        self.scopes.push(("loop", &LOOP));
        self.all(&each.body);
        self.scopes.truncate(self.scopes.len().saturating_sub(2));
        self.all(&each.else_body);
    }
}

fn line(statement: &Stmt<'_>) -> u16 {
    let span = match statement {
        Stmt::Template(at) => at.span(),
        Stmt::EmitExpr(at) => at.span(),
        Stmt::EmitRaw(at) => at.span(),
        Stmt::ForLoop(at) => at.span(),
        Stmt::IfCond(at) => at.span(),
        Stmt::WithBlock(at) => at.span(),
        Stmt::Set(at) => at.span(),
        Stmt::SetBlock(at) => at.span(),
        Stmt::AutoEscape(at) => at.span(),
        Stmt::FilterBlock(at) => at.span(),
        Stmt::Do(at) => at.span(),
    };
    span.start_line
}

#[cfg(test)]
mod tests;
