//! How many statements something takes.

use touchbase::db::{Kind, On, Reader, Sqls};

/// Counts the statements that run on a reader.
pub struct Counting {
    reader: Reader,
    trips: usize,
}

impl Counting {
    pub fn new(reader: Reader) -> Self {
        Self { reader, trips: 0 }
    }

    /// How many have run.
    pub fn trips(&self) -> usize {
        self.trips
    }
}

impl Sqls for Counting {
    fn kind(&self) -> Kind {
        self.reader.kind()
    }

    fn on(&mut self) -> On<'_> {
        self.trips += 1;
        self.reader.on()
    }
}
