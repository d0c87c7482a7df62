// What the theme leaves unnamed for those who listen to a page.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
document.querySelectorAll(".md-nav .md-nav").forEach((list, number) => {
  const title = document.getElementById(list.getAttribute("aria-labelledby"))?.textContent ?? list.getAttribute("aria-label") ?? "";
  list.removeAttribute("aria-labelledby");
  list.setAttribute("aria-label", `${title.trim()}, list ${number + 1}`);
});
