// What the page does beyond being read: nothing of it is needed to read the page.
"use strict";

document.documentElement.classList.add("js");

/** An element with attributes and what it holds. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The data that a script element of the page holds. */
function embedded(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

// A command can be copied.
for (const box of document.querySelectorAll(".command")) {
  const button = element("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    const code = box.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      // Where the browser forbids it, what is selected can be copied by hand.
      getSelection().selectAllChildren(code);
    }
  });
  box.append(button);
}

// A figure opens large, to be moved about in where the screen is narrow.
const large = element("dialog", { class: "large", "aria-label": "The figure, large" });
document.body.append(large);
for (const figure of document.querySelectorAll("figure")) {
  const picture = figure.querySelector(".picture");
  const button = element("button", { type: "button", class: "enlarge", "aria-haspopup": "dialog" }, "Open large");
  const open = () => {
    const close = element("button", { type: "button" }, "Close");
    close.addEventListener("click", () => large.close());
    large.replaceChildren(close, picture.querySelector("img").cloneNode());
    large.showModal();
  };
  button.addEventListener("click", open);
  picture.addEventListener("click", open);
  figure.querySelector(".data").after(" ", button);
}
