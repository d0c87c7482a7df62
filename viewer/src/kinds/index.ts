// Every kind of page: the record of each folder here.
import.meta.glob("./*/index.{ts,tsx}", { eager: true });
