/* Keys on the page of a case: x ticks the task that has the focus, 1 to 9 open the tabs. Those of every page are in staff.js. */
(function () {
  "use strict";

  function singleKeys() {
    return document.body.dataset.shortcuts !== "off";
  }

  function isTyping(element) {
    return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  }

  document.addEventListener("keydown", function (event) {
    var focused = document.activeElement || document.body;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyping(focused) || !singleKeys() || document.querySelector("dialog[open]")) {
      return;
    }
    if (event.key === "x") {
      var task = focused.closest("[data-task]");
      var tick = task && task.querySelector("[data-tick]");
      if (tick) {
        event.preventDefault();
        tick.click();
      }
    } else if (/^[1-9]$/.test(event.key)) {
      var tab = document.querySelectorAll(".ntab a")[Number(event.key) - 1];
      if (tab) {
        event.preventDefault();
        tab.click();
      }
    }
  });

  // After a tick the focus goes on to the next task that is open, so that x can be pressed again.
  document.addEventListener("DOMContentLoaded", function () {
    if (location.hash.indexOf("#task-") !== 0) {
      return;
    }
    var done = document.getElementById(location.hash.slice(1));
    var tasks = Array.prototype.slice.call(document.querySelectorAll("[data-task]"));
    var next = tasks.slice(tasks.indexOf(done) + 1).filter(function (task) {
      return task.querySelector("[data-tick]");
    })[0];
    if (next) {
      next.querySelector("[data-tick]").focus();
    }
  });
})();
