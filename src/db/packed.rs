//! Many small rows as one text: each row of SQLite is handed from its thread to ours, and a thousand of them cost more to hand over
//! than to read.

use uuid::Uuid;

use super::Error;

/// Stands for a value that is not there.
const NOTHING: &str = "-";

/// What becomes a part of a row's text. None of them has a space or a semicolon in it.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// A column of ids.
    Id(&'static str),
    /// A column of whole numbers, which may be null.
    Number(&'static str),
    /// A column of words that are the program's own.
    Word(&'static str),
}

/// All rows of the `FROM` that follows, in no particular order, as one text.
pub fn pack(parts: &[Part]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Id(column) => format!("hex({column})"),
            Part::Number(column) => format!("COALESCE(CAST({column} AS TEXT), '{NOTHING}')"),
            Part::Word(column) => (*column).to_owned(),
        })
        .collect();
    format!("SELECT COALESCE(string_agg({}, ';'), '')", parts.join(" || ' ' || "))
}

/// The rows again.
pub fn unpack(text: &str) -> impl Iterator<Item = Row<'_>> {
    text.split(';')
        .filter(|row| !row.is_empty())
        .map(|row| Row(row.split(' ')))
}

/// A row, whose parts are read one after the other.
#[derive(Debug, Clone)]
pub struct Row<'t>(std::str::Split<'t, char>);

impl<'t> Row<'t> {
    /// The next part: a word.
    ///
    /// # Errors
    /// When the row has no more parts.
    pub fn word(&mut self) -> Result<&'t str, Error> {
        self.0
            .next()
            .ok_or_else(|| Error::Decode("a row has fewer parts than were asked for".into()))
    }

    /// The next part: an id.
    ///
    /// # Errors
    /// When it is none.
    pub fn id(&mut self) -> Result<Uuid, Error> {
        Uuid::try_parse(self.word()?).map_err(|error| Error::Decode(error.into()))
    }

    /// The next part: a number.
    ///
    /// # Errors
    /// When it is none.
    pub fn number(&mut self) -> Result<i64, Error> {
        self.word()?
            .parse()
            .map_err(|error: std::num::ParseIntError| Error::Decode(error.into()))
    }

    /// The next part: a number, where there is one.
    ///
    /// # Errors
    /// When it is something else.
    pub fn maybe(&mut self) -> Result<Option<i64>, Error> {
        match self.0.clone().next() {
            Some(NOTHING) => self.word().map(|_| None),
            Some(_) | None => self.number().map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(Uuid, Option<i64>, &str)>, Error> {
        unpack(text)
            .map(|mut row| Ok((row.id()?, row.maybe()?, row.word()?)))
            .collect()
    }

    #[test]
    fn rows_come_out_as_they_went_in() {
        let text = "01A2061AD6757294AC7EA29680048C2E 7 saved;01A2061AD6757294AC7EA29680048C2F - deleted";
        let id = |text| Uuid::try_parse(text).unwrap();
        assert_eq!(
            read(text).unwrap(),
            [
                (id("01a2061a-d675-7294-ac7e-a29680048c2e"), Some(7), "saved"),
                (id("01a2061a-d675-7294-ac7e-a29680048c2f"), None, "deleted"),
            ]
        );
        assert_eq!(read("").unwrap(), []);
        for wrong in [
            "7 7 saved",
            "01A2061AD6757294AC7EA29680048C2E",
            "01A2061AD6757294AC7EA29680048C2E x saved",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
