/* What scripts add to the staff pages: keys, focus on the summary of errors, menus that close. The list of keys stands in #keys, once. */
(function () {
  "use strict";

  var waiting = ""; // the first key of a pair, for a moment
  var timer = 0;

  function isTyping(target) {
    return target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button|submit)$/.test(target.type));
  }

  function singlesAreOn() {
    return document.body.dataset.shortcuts !== "off";
  }

  function search() {
    var field = document.getElementById("search");
    if (field) {
      field.focus();
      field.select();
    }
  }

  function showKeys() {
    var dialog = document.getElementById("keys");
    if (dialog && !dialog.open) {
      dialog.showModal();
    }
  }

  /* To the next row of the page's lists, or the one before: its link takes the focus, so that Enter opens it. */
  function step(by) {
    var links = Array.from(document.querySelectorAll("[data-row]"), function (row) {
      return row.querySelector("a");
    }).filter(function (link) {
      return link && link.offsetParent;
    });
    var here = links.findIndex(function (link) {
      return link.closest("[data-row]").contains(document.activeElement);
    });
    var next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by];
    if (next) {
      next.focus();
    }
  }

  /* Send the form in which the person types: by its main button, and never one that asks for a decision. */
  function send(event) {
    var form = event.target.closest("form");
    var button = form && form.method === "post" && !("slow" in form.dataset) && form.querySelector("button.btn-primary:not([disabled])");
    if (button) {
      event.preventDefault();
      event.stopImmediatePropagation(); // no other script sends it again
      form.requestSubmit(button);
    }
  }

  var acts = {
    "?": showKeys,
    "/": search,
    j: function () { step(1); },
    k: function () { step(-1); },
  };

  function closeMenus() {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  function pressSingle(event) {
    var pressed = waiting ? waiting + " " + event.key : event.key;
    var listed = Array.from(document.querySelectorAll("#keys [data-single]"));
    var found = listed.find(function (shortcut) { return shortcut.dataset.keys === pressed; });
    var begins = listed.some(function (shortcut) { return shortcut.dataset.keys.startsWith(pressed + " "); });
    clearTimeout(timer);
    waiting = begins ? pressed : "";
    timer = setTimeout(function () { waiting = ""; }, 1500);
    if (!found) {
      return;
    }
    event.preventDefault();
    var button = found.dataset.press && document.getElementById(found.dataset.press);
    if (button) {
      button.click();
    } else if (found.dataset.address) {
      location.assign(found.dataset.address);
    } else if (acts[pressed]) {
      acts[pressed]();
    }
  }

  document.addEventListener("keydown", function (event) {
    if (event.isComposing) {
      return; // Enter and letters belong to the input method
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      search();
    } else if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      send(event);
    } else if (event.key === "Escape") {
      closeMenus();
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target) && singlesAreOn() && !document.querySelector("dialog[open]")) {
      pressSingle(event);
    }
  });

  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    });
  });

  document.addEventListener("DOMContentLoaded", function () {
    var errors = document.querySelector(".errsum");
    if (errors) {
      errors.focus();
    }
    document.querySelectorAll("[data-open]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        closeMenus();
        showKeys();
      });
    });
  });
})();
