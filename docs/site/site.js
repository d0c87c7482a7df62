// What the theme leaves unnamed for those who listen to a page.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
