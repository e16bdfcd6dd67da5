CREATE TABLE books (title TEXT NOT NULL, author TEXT NOT NULL, year INTEGER NOT NULL, is_lent INTEGER NOT NULL);
INSERT INTO books VALUES
    ('Frankenstein', 'Mary Shelley', 1818, 0),
    ('Middlemarch', 'George Eliot', 1871, 1),
    ('Moby-Dick', 'Herman Melville', 1851, 0),
    ('The Time Machine', 'H. G. Wells', 1895, 0),
    ('The War of the Worlds', 'H. G. Wells', 1898, 1);
