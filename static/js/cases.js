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
})();
