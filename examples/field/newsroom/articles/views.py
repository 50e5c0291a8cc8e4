from django.http import HttpResponse, JsonResponse
from django.utils.html import escape

from articles.models import Article
from articles.tasks import count_words

TITLE = "Newsroom"


def home(request):
    lines = "".join(
        f"<li>{escape(one.headline)}</li>" for one in Article.objects.order_by("-id")[:20]
    )
    return HttpResponse(f"<h1>{TITLE}</h1><ul>{lines}</ul>")


def write(request):
    article = Article.objects.create(headline=request.POST["headline"])
    count_words.delay(article.id)
    return JsonResponse({"id": article.id}, status=201)


def health(request):
    return JsonResponse({"articles": Article.objects.count()})
