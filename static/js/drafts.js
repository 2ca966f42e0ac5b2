/* Drafts: a form marked data-draft (the address that keeps drafts) is saved every 20 seconds and on leaving, if it has changed.
   Where that fails, because the session has ended or the network is down, what was typed stays in this tab until it is sent. */
(function () {
  "use strict";

  var EVERY = 20000;
  var NEVER = { csrfmiddlewaretoken: true, version: true, address: true };

  function fieldsOf(form) {
    var pairs = [];
    new FormData(form).forEach(function (value, name) {
      if (!NEVER[name] && typeof value === "string") {
        pairs.push([name, value]);
      }
    });
    return JSON.stringify(pairs);
  }

  function english() {
    return document.documentElement.lang === "en";
  }

  function now() {
    var time = new Date();
    return ("0" + time.getHours()).slice(-2) + ":" + ("0" + time.getMinutes()).slice(-2);
  }

  var WORDS = {
    saved: ["草稿已自动保存 ", "Draft saved "],
    kept: ["草稿只留在这个窗口：登录已过期或网络不通。提交后请重新登录，内容会还给您。", "The draft is kept in this window only: signed out, or no network."],
    offer: ["这里有上次没有提交成功的内容。", "There is something here that was not sent."],
    restore: ["恢复内容", "Restore it"],
  };

  function word(name) {
    return WORDS[name][english() ? 1 : 0];
  }

  function guard(form) {
    var key = "draft:" + form.dataset.person + ":" + location.pathname;
    var status = form.querySelector("[data-saved]");
    var first = fieldsOf(form);
    var saved = first;
    var sending = false;

    function tell(text) {
      if (status) {
        status.textContent = text;
      }
    }

    function keep(text) {
      try {
        sessionStorage.setItem(key, text);
      } catch (error) {
        /* a full or forbidden store: the page itself still holds the text */
      }
    }

    function body(text) {
      var data = new FormData();
      data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      data.append("address", location.pathname);
      data.append("fields", text);
      return data;
    }

    function save() {
      var text = fieldsOf(form);
      if (text === saved || sending) {
        return;
      }
      fetch(form.dataset.draft, { method: "POST", body: body(text), credentials: "same-origin", redirect: "manual" })
        .then(function (response) {
          if (!response.ok) {
            throw new Error(String(response.status));
          }
          return response.json();
        })
        .then(function (answer) {
          saved = text;
          sessionStorage.removeItem(key);
          tell(word("saved") + answer.at);
        })
        .catch(function () {
          keep(text);
          tell(word("kept") + " " + now());
        });
    }

    function offer() {
      var text = sessionStorage.getItem(key);
      if (!text || text === first) {
        sessionStorage.removeItem(key);
        return;
      }
      var note = document.createElement("p");
      var button = document.createElement("button");
      note.className = "note";
      note.textContent = word("offer") + " ";
      button.type = "button";
      button.className = "btn btn-sm btn-line";
      button.textContent = word("restore");
      button.addEventListener("click", function () {
        fill(form, JSON.parse(text));
        note.remove();
      });
      note.appendChild(button);
      form.parentNode.insertBefore(note, form);
    }

    form.addEventListener("submit", function () {
      sending = true;
      if (fieldsOf(form) !== first) {
        keep(fieldsOf(form));
      }
    });
    window.addEventListener("beforeunload", function (event) {
      if (!sending && fieldsOf(form) !== saved) {
        event.preventDefault();
      }
    });
    window.addEventListener("pagehide", function () {
      var text = fieldsOf(form);
      if (!sending && text !== saved) {
        navigator.sendBeacon(form.dataset.draft, body(text));
      }
    });
    offer();
    window.setInterval(save, EVERY);
  }

  function fill(form, pairs) {
    Array.prototype.forEach.call(form.elements, function (field) {
      if (!field.name || NEVER[field.name] || field.type === "submit" || field.type === "hidden") {
        return;
      }
      var values = pairs
        .filter(function (pair) {
          return pair[0] === field.name;
        })
        .map(function (pair) {
          return pair[1];
        });
      if (field.type === "checkbox" || field.type === "radio") {
        field.checked = values.indexOf(field.value) >= 0;
      } else if (values.length) {
        field.value = values[0];
      }
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("form[data-draft]").forEach(guard);
  });
})();
