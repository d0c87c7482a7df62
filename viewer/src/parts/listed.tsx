import type { ReactNode } from "react";

/** What stands of a kind on the overview: its name, and where there is more. */
export function Listed({ title, more, children }: { title: string; more?: ReactNode; children: ReactNode }) {
  return (
    <section>
      {more !== undefined ? (
        <div className="row-head">
          <h2>{title}</h2>
          {more}
        </div>
      ) : (
        <h2>{title}</h2>
      )}
      {children}
    </section>
  );
}
