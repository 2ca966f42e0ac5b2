/* Jobs under way: what is marked data-live is fetched again and put in its place, as long as the page says so (data-seconds). Without this script the
   browser loads the whole page again. Whoever is in the middle of such a part (focus) keeps their place. */
(function () {
  "use strict";

  function parts(root) {
    return root.querySelectorAll("[data-live]");
  }

  function seconds() {
    var part = document.querySelector("[data-live]");
    return part ? Number(part.dataset.seconds) : 0;
  }

  function put(part, fresh) {
    if (part.innerHTML === fresh.innerHTML) {
      return;
    }
    var focused = part.contains(document.activeElement) ? document.activeElement : null;
    var place = focused ? Array.prototype.indexOf.call(part.querySelectorAll("a, button"), focused) : -1;
    part.innerHTML = fresh.innerHTML;
    if (focused) {
      var targets = part.querySelectorAll("a, button");
      (targets[Math.min(place, targets.length - 1)] || document.getElementById("main")).focus();
    }
  }

  function say(title) {
    var place = document.querySelector("[data-said]");
    if (place && document.title !== title) {
      place.textContent = title;
    }
    document.title = title;
  }

  function take(answer, text) {
    if (!answer.ok || answer.redirected) {
      location.reload();
      return;
    }
    var page = new DOMParser().parseFromString(text, "text/html");
    parts(document).forEach(function (part) {
      var fresh = page.querySelector('[data-live="' + part.dataset.live + '"]');
      if (fresh) {
        put(part, fresh);
        if (fresh.dataset.seconds) {
          part.dataset.seconds = fresh.dataset.seconds;
        }
      }
    });
    say(page.title);
  }

  function look() {
    if (document.hidden) {
      wait();
      return;
    }
    fetch(location.href, { credentials: "same-origin" })
      .then(function (answer) {
        return answer.text().then(function (text) {
          take(answer, text);
        });
      })
      .catch(function () {
        /* No answer now: the next look may get one. */
      })
      .then(wait);
  }

  function wait() {
    var pause = seconds();
    if (pause) {
      setTimeout(look, pause * 1000);
    }
  }

  wait();
})();
