// On the pages of the design system nothing is sent: what they show is made up.

document.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  if (/** @type {Element} */ (event.target).closest('main a:not(.tabs a)')) event.preventDefault();
});
