from celery import shared_task

from articles.models import Article, Count


@shared_task
def count_words(number):
    article = Article.objects.get(id=number)
    article.words = len(article.headline.split())
    article.save(update_fields=["words"])


@shared_task
def count_articles():
    Count.objects.create(articles=Article.objects.count())
