//! What an expression is, by the fields that it speaks of.

use minijinja::machinery::ast::{BinOpKind, Expr, UnaryOpKind};
use minijinja::value::ValueKind;

use super::super::fields::{FIELDS, FLAG, NUMBER, Shape, TEXT};
use super::{Checker, Is};

impl<'t> Checker<'t> {
    pub(super) fn expression(&mut self, expression: &Expr<'t>) -> Is {
        let line = expression.span().start_line;
        match expression {
            Expr::Var(var) => self.variable(var.id, line),
            Expr::Const(constant) => match constant.value.kind() {
                ValueKind::String => Some(&TEXT),
                ValueKind::Number => Some(&NUMBER),
                ValueKind::Bool => Some(&FLAG),
                _ => {
                    self.refuse(line, "`none`");
                    None
                }
            },
            Expr::GetAttr(attribute) => {
                let of = self.expression(&attribute.expr)?;
                self.field(of, &named(&attribute.expr), attribute.name, line)
            }
            Expr::UnaryOp(operation) => match operation.op {
                UnaryOpKind::Not => self.expression(&operation.expr).map(|_| &FLAG),
                UnaryOpKind::Neg => self.number(&operation.expr),
            },
            Expr::BinOp(operation) => self.operation(operation.op, &operation.left, &operation.right),
            Expr::Compare(compare) => {
                self.expression(&compare.expr);
                for with in &compare.ops {
                    self.expression(&with.expr);
                }
                Some(&FLAG)
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr);
                let one = self.expression(&choice.true_expr);
                let Some(otherwise) = &choice.false_expr else {
                    return self.fault(line, "not_allowed", "Say what it is `else`: `{{ … if … else … }}`.");
                };
                let other = self.expression(otherwise)?;
                same(one?, other)
            }
            Expr::Filter(filter) => {
                if !filter.args.is_empty() {
                    return self.fault(
                        line,
                        "not_allowed",
                        format!("`{}` takes nothing in parentheses.", filter.name),
                    );
                }
                let of = filter.expr.as_ref().and_then(|of| self.expression(of))?;
                self.filter(filter.name, of, line)
            }
            Expr::Slice(slice) => {
                for bound in [&slice.start, &slice.stop, &slice.step].into_iter().flatten() {
                    self.number(bound);
                }
                let of = self.expression(&slice.expr)?;
                match of {
                    Shape::List(_) => Some(of),
                    Shape::Text | Shape::Number | Shape::Flag | Shape::Record(_) => {
                        self.fault(line, "wrong_type", format!("`{}` is no list.", named(&slice.expr)))
                    }
                }
            }
            Expr::Test(test) => {
                self.refuse(line, &format!("`is {}`", test.name));
                None
            }
            Expr::GetItem(_) => {
                self.refuse(line, "`[…]` (other than `[:3]`)");
                None
            }
            Expr::Call(_) => {
                self.refuse(line, &format!("A call (`{}(…)`)", called(expression)));
                None
            }
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => {
                self.refuse(line, "A list of one's own");
                None
            }
        }
    }

    fn operation(&mut self, operation: BinOpKind, left: &Expr<'t>, right: &Expr<'t>) -> Is {
        match operation {
            BinOpKind::ScAnd | BinOpKind::ScOr => {
                let (one, other) = (self.expression(left), self.expression(right));
                same(one?, other?)
            }
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte
            | BinOpKind::In => {
                self.expression(left);
                self.expression(right);
                Some(&FLAG)
            }
            BinOpKind::Add | BinOpKind::Sub => {
                let (one, other) = (self.number(left), self.number(right));
                one.and(other)
            }
            BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow
            | BinOpKind::Concat => {
                self.refuse(
                    left.span().start_line,
                    "Arithmetic other than `+` and `-` on numbers, and `~`,",
                );
                None
            }
        }
    }

    fn number(&mut self, expression: &Expr<'t>) -> Is {
        match self.expression(expression)? {
            Shape::Number => Some(&NUMBER),
            Shape::Text | Shape::Flag | Shape::List(_) | Shape::Record(_) => {
                let line = expression.span().start_line;
                self.fault(line, "wrong_type", format!("`{}` is no number.", named(expression)))
            }
        }
    }

    fn variable(&mut self, name: &str, line: u16) -> Is {
        let inner = self.scopes.iter().rev().find(|(known, _)| *known == name);
        let field = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, shape)| shape);
        match inner.map(|(_, shape)| *shape).or(field) {
            Some(shape) => Some(shape),
            None => {
                let says = format!("There is no field `{name}`; there are {}.", names(FIELDS));
                self.fault(line, "unknown_field", says)
            }
        }
    }

    fn field(&mut self, of: &'static Shape, owner: &str, name: &str, line: u16) -> Is {
        let Shape::Record(fields) = of else {
            return self.fault(
                line,
                "unknown_field",
                format!("`{owner}` has no fields: there is no `{owner}.{name}`."),
            );
        };
        match fields.iter().find(|(known, _)| *known == name) {
            Some((_, shape)) => Some(shape),
            None => {
                let says = format!("There is no field `{owner}.{name}`; there are {}.", names(fields));
                self.fault(line, "unknown_field", says)
            }
        }
    }

    fn filter(&mut self, name: &str, of: &'static Shape, line: u16) -> Is {
        match (name, of) {
            ("words", Shape::List(Shape::Text)) | ("upper" | "lower", Shape::Text) => Some(&TEXT),
            ("length", Shape::List(_) | Shape::Text) => Some(&NUMBER),
            ("words", _) => self.fault(line, "wrong_type", "`words` is for lists of texts."),
            ("upper" | "lower", _) => self.fault(line, "wrong_type", format!("`{name}` is for texts.")),
            ("length", _) => self.fault(line, "wrong_type", "`length` is for lists and texts."),
            _ => {
                let says = format!("There is no filter `{name}`; there are words, length, upper, lower.");
                self.fault(line, "unknown_filter", says)
            }
        }
    }
}

/// Either of two: what both are, else no more than yes or no.
fn same(one: &'static Shape, other: &'static Shape) -> Is {
    if std::ptr::eq(one, other) || std::mem::discriminant(one) == std::mem::discriminant(other) && plain(one) {
        Some(one)
    } else {
        Some(&FLAG)
    }
}

fn plain(shape: &Shape) -> bool {
    match shape {
        Shape::Text | Shape::Number | Shape::Flag => true,
        Shape::List(_) | Shape::Record(_) => false,
    }
}

pub(super) fn names(fields: &[(&str, Shape)]) -> String {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// An expression as it was probably written.
pub(super) fn named(expression: &Expr<'_>) -> String {
    match expression {
        Expr::Var(var) => var.id.to_owned(),
        Expr::GetAttr(attribute) => format!("{}.{}", named(&attribute.expr), attribute.name),
        Expr::Slice(slice) => named(&slice.expr),
        other => other.description().to_owned(),
    }
}

fn called(expression: &Expr<'_>) -> String {
    match expression {
        Expr::Call(call) => named(&call.expr),
        other => named(other),
    }
}
